using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Running;

namespace ZeroCopy.Pools;

/// <summary>
/// Leases instances of the model that a name stands for at the first load. Where the store lacks it, each load looks again. Thread-safe.
/// </summary>
internal sealed class NamedModelSource(TorchRuntime runtime, ModelName model, torch.Device? device) : IInstanceSource
{
    private IInstanceSource? _opened;

    public string Name => model.ToString();

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        instance = null;
        return Volatile.Read(ref _opened) is { } opened && opened.TryRent(out instance);
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) =>
        (Volatile.Read(ref _opened) ?? Open()).RentAsync(cancellationToken);

    public void BoundThreads(int? threads) => Volatile.Read(ref _opened)?.BoundThreads(threads);

    public void RestoreThreads() => TorchThreads.Reset();

    public void ResetThread() => TorchThreadState.Reset();

    public bool TryRetain(ref object? argument, out IDisposable? retained) => RetainedArgument.TryTake(ref argument, out retained);

    public void Release(object? value) => Answers.Release(value);

    private IInstanceSource Open()
    {
        var found = runtime.OpenAny(runtime.Store.Resolve(model), device);
        // The name may have moved between two loads: the pool serves one model.
        return Interlocked.CompareExchange(ref _opened, found, null) ?? found;
    }
}
