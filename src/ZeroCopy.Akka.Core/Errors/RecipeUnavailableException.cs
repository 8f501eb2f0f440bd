namespace ZeroCopy.Errors;

/// <summary>
/// This process has no way to build the module around the weights: the type is not registered here and no factory was given.
/// </summary>
public sealed class RecipeUnavailableException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
