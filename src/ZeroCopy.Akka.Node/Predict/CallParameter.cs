namespace ZeroCopy.Node.Predict;

/// <summary>An argument that a model's method takes.</summary>
/// <param name="Name">Its name in the source.</param>
/// <param name="Kind">What it must be.</param>
/// <param name="IsOptional">Whether it may be left out.</param>
internal sealed record CallParameter(string Name, ArgumentKind Kind, bool IsOptional);
