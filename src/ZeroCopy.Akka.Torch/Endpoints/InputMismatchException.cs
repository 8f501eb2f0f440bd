namespace ZeroCopy.Torch.Endpoints;

/// <summary>The inputs of a call do not fit the method that is called.</summary>
internal sealed class InputMismatchException(string message, Exception? inner = null) : Exception(message, inner);
