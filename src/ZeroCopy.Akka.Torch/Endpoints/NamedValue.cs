namespace ZeroCopy.Torch.Endpoints;

/// <summary>A value that is given to a call.</summary>
/// <param name="Name">Its name; empty where it has none.</param>
/// <param name="Value">The value.</param>
internal readonly record struct NamedValue<T>(string Name, T Value);
