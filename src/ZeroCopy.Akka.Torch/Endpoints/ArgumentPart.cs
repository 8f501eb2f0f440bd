namespace ZeroCopy.Torch.Endpoints;

/// <summary>A value that is given for an argument.</summary>
/// <param name="Name">Its name behind the argument's own and a dot; empty where it is the whole argument.</param>
/// <param name="Value">The value.</param>
internal readonly record struct ArgumentPart<T>(string Name, T Value);
