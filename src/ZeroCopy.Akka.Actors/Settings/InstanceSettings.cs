using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Settings;

/// <summary>Instances of models in this process, for the tensor library; the HOCON root is <c>zerocopy.inference.instances</c>.</summary>
public sealed record InstanceSettings
{
    /// <summary>
    /// Most idle instances kept for a model whose instances are rented again, see <see cref="Isolation"/>; further ones are freed when they
    /// are returned.
    /// </summary>
    public int MaxIdle { get; init; } = 16;

    /// <summary>How far a write to a model's tensors reaches.</summary>
    public InstanceIsolation Isolation { get; init; } = InstanceIsolation.Buffers;
}
