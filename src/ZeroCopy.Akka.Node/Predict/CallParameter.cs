using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Predict;

/// <summary>An argument that a model's method takes.</summary>
/// <param name="Name">Its name in the source.</param>
/// <param name="Type">What it must be.</param>
/// <param name="IsOptional">Whether it may be left out.</param>
internal sealed record CallParameter(string Name, ScriptType Type, bool IsOptional);
