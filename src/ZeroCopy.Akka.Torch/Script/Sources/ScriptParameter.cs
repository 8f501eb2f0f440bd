namespace ZeroCopy.Torch.Script.Sources;

/// <summary>An argument of a script's method.</summary>
/// <param name="Name">Its name in the Python source.</param>
/// <param name="Type">Its TorchScript type, such as <c>Tensor</c>, <c>int</c> or <c>Optional[Tensor]</c>.</param>
/// <param name="IsOptional">Whether it has a default.</param>
public sealed record ScriptParameter(string Name, string Type, bool IsOptional);
