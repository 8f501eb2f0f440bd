using ZeroCopy.Runtime;

namespace ZeroCopy.Torch;

/// <summary>Settings of the tensor runtime of one process; the HOCON root is <c>zerocopy.inference.instances</c>.</summary>
public sealed record TorchRuntimeOptions
{
    /// <summary>
    /// Most idle instances kept for a model whose instances are rented again, see <see cref="Isolation"/>; further ones are disposed when
    /// they are returned.
    /// </summary>
    public int MaxIdleInstances { get; init; } = 16;

    /// <summary>What the instances of a model have each for itself.</summary>
    public InstanceIsolation Isolation { get; init; } = InstanceIsolation.Buffers;
}
