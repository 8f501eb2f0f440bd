using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>A tensor of a file. The name is null where the file has none, as in <c>.npy</c>.</summary>
internal sealed record NamedTensor(string? Name, HostTensor Tensor);
