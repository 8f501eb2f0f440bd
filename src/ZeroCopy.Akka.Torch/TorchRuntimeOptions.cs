using ZeroCopy.Runtime;

namespace ZeroCopy.Torch;

/// <summary>Settings of the tensor runtime of one process; the HOCON root is <c>zerocopy.inference.instances</c>.</summary>
public sealed record TorchRuntimeOptions
{
    /// <summary>Most idle skeletons kept for a model; further ones are disposed when they are given back.</summary>
    public int MaxIdleSkeletons { get; init; } = 16;

    /// <summary>What the instances of a model have each for itself.</summary>
    public InstanceIsolation Isolation { get; init; }
}
