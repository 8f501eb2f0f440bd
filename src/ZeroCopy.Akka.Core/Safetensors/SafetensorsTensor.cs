using ZeroCopy.Tensors;

namespace ZeroCopy.Safetensors;

/// <summary>One tensor in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Layout">Element type and shape, row-major.</param>
/// <param name="Offset">Its first byte, counted from the start of the file.</param>
public sealed record SafetensorsTensor(string Name, TensorLayout Layout, long Offset);
