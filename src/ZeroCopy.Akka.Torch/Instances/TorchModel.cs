using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.Threads;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// A model of the store that this process can run, with its prototype (built and bound once) and the pool of instances cloned from it,
/// which all types that the model is opened as have in common. Thread-safe. Whoever rents an instance has one that answers as a fresh load
/// does: <see cref="InstanceIsolation"/> says which are rented again. <see cref="Materialise"/> always clones the untouched prototype.
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

    /// <summary>The class of instances.</summary>
    internal Type Type => _model.Type;

    /// <inheritdoc/>
    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance) => _model.TryRent(out instance);

    /// <inheritdoc/>
    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) => _model.RentAsync(cancellationToken);

    /// <inheritdoc/>
    public IDisposable? Lease(string holder) => _model.Lease(holder);

    /// <inheritdoc/>
    public void BoundThreads(int? threads) => TorchThreads.BoundOrDefault(threads);

    /// <inheritdoc/>
    public void RestoreThreads() => TorchThreads.Reset();

    /// <inheritdoc/>
    public void ResetThread() => TorchThreadState.Reset();

    /// <inheritdoc/>
    public bool TryRetain(ref object? argument, out IDisposable? retained) => RetainedArgument.TryTake(ref argument, out retained);

    /// <inheritdoc/>
    public bool IsCausedByInput(Exception thrown) => LibTorchError.IsRefusal(thrown);

    /// <inheritdoc/>
    public void Release(object? value) => Answers.Release(value);

    /// <summary>
    /// A module of the caller's own around the shared weights: in eval mode, without gradients. The caller disposes it with
    /// <see cref="ModuleDisposal.Release"/>.
    /// </summary>
    public TModule Materialise() => (TModule)_model.Materialise();

    /// <summary>
    /// Disposes the prototype and the idle instances, whichever types the model was opened as. Instances still rented stay valid until they
    /// are returned.
    /// </summary>
    public void Dispose() => _model.Dispose();
}
