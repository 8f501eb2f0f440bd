using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.Npy;

/// <summary>What the head of a <c>.npy</c> file says.</summary>
/// <param name="Layout">Element type and shape, row-major.</param>
/// <param name="Offset">Where the elements begin in the file.</param>
/// <param name="IsBigEndian">Whether the bytes of a number lie in the other order.</param>
/// <param name="IsFortranOrder">Whether the first dimension runs fastest.</param>
internal sealed record NpyArray(TensorLayout Layout, long Offset, bool IsBigEndian, bool IsFortranOrder);
