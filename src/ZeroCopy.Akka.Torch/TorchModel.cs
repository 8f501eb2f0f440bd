using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;

namespace ZeroCopy.Torch;

/// <summary>
/// A model of the store that this process can run: owns the prototype (built and bound once) and the pool of skeletons cloned from it. Thread-safe.
/// </summary>
/// <typeparam name="TModule">The module's type.</typeparam>
public sealed class TorchModel<TModule> : IInstanceSource
    where TModule : torch.nn.Module
{
    /// <summary>The model.</summary>
    public ModelHandle Handle => throw new NotImplementedException();

    /// <inheritdoc/>
    public string Name => Handle.ToString();

    /// <inheritdoc/>
    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// A module of the caller's own around the shared weights: in eval mode, without gradients. The caller disposes it with <see cref="ModuleDisposal.Release"/>.
    /// </summary>
    public TModule Materialise() => throw new NotImplementedException();
}
