using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Protocol;

/// <summary>An input or output of a call.</summary>
/// <param name="Name">Name of the argument or output; empty where position alone counts.</param>
/// <param name="Tensor">Its elements.</param>
public sealed record NamedTensor(string Name, HostTensor Tensor);
