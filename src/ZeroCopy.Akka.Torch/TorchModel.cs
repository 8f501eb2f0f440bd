using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Torch;

/// <summary>
/// A model of the store that this process can run, with its prototype (built and bound once) and the pool of skeletons cloned from it,
/// which all types that the model is opened as have in common. Thread-safe. A skeleton goes back to the pool as it is, with whatever
/// managed state its calls left in it, as a warm worker does; <see cref="Materialise"/> always clones the untouched prototype.
/// </summary>
/// <typeparam name="TModule">The module's type.</typeparam>
public sealed class TorchModel<TModule> : IInstanceSource, IDisposable
    where TModule : torch.nn.Module
{
    private readonly OpenModule _model;

    internal TorchModel(OpenModule model) => _model = model;

    /// <summary>The model.</summary>
    public ModelHandle Handle => _model.Handle;

    /// <inheritdoc/>
    public string Name => _model.Name;

    /// <inheritdoc/>
    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance) => _model.TryRent(out instance);

    /// <inheritdoc/>
    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) => _model.RentAsync(cancellationToken);

    /// <inheritdoc/>
    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    /// <inheritdoc/>
    public void RestoreThreads() => TorchThreads.Reset();

    /// <inheritdoc/>
    public void ResetThread() => TorchThreadState.Reset();

    /// <inheritdoc/>
    public bool TryRetain(ref object? argument, out IDisposable? retained) => RetainedArgument.TryTake(ref argument, out retained);

    /// <inheritdoc/>
    public void Release(object? value) => Answers.Release(value);

    /// <summary>
    /// A module of the caller's own around the shared weights: in eval mode, without gradients. The caller disposes it with <see cref="ModuleDisposal.Release"/>.
    /// </summary>
    public TModule Materialise() => (TModule)_model.Materialise();

    /// <summary>
    /// Disposes the prototype and the idle skeletons, whichever types the model was opened as. Instances still rented stay valid until they
    /// are given back.
    /// </summary>
    public void Dispose() => _model.Dispose();
}
