using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>An element as it lies in a <c>.npy</c> file.</summary>
/// <param name="DType">Its type; for one without a sign the signed type of its size.</param>
/// <param name="IsUnsigned">Whether it is an integer of two, four or eight bytes without a sign.</param>
/// <param name="IsBigEndian">Whether its bytes lie in the other order.</param>
internal readonly record struct NpyElement(DType DType, bool IsUnsigned, bool IsBigEndian);
