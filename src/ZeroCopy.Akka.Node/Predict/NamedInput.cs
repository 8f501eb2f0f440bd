namespace ZeroCopy.Node.Predict;

/// <summary>A value that is given to a call.</summary>
/// <param name="Name">Its name; null where it has none.</param>
/// <param name="Value">The value.</param>
internal sealed record NamedInput(string? Name, InputValue Value);
