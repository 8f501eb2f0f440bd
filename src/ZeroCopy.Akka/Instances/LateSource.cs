using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.Threads;

namespace ZeroCopy.Instances;

/// <summary>
/// Instances of a model that is opened by the first load. Where that fails, such as because the store lacks the model, the next load tries
/// again. Thread-safe.
/// </summary>
/// <param name="name">The model's name.</param>
/// <param name="open">Opens it; throws where it cannot.</param>
internal sealed class LateSource(string name, Func<IInstanceSource> open) : IInstanceSource
{
    private IInstanceSource? _opened;

    public string Name => name;

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        instance = null;
        return Volatile.Read(ref _opened) is { } opened && opened.TryRent(out instance);
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (Volatile.Read(ref _opened) ?? Open()).RentAsync(cancellationToken);
    }

    public IDisposable? Lease(string holder) => Volatile.Read(ref _opened)?.Lease(holder);

    public void BoundThreads(int? threads) => Volatile.Read(ref _opened)?.BoundThreads(threads);

    public void RestoreThreads() => TorchThreads.Reset();

    public void ResetThread() => TorchThreadState.Reset();

    public bool TryRetain(ref object? argument, out IDisposable? retained) => RetainedArgument.TryTake(ref argument, out retained);

    public bool IsCausedByInput(Exception thrown) => LibTorchError.IsRefusal(thrown);

    public void Release(object? value) => Answers.Release(value);

    private IInstanceSource Open()
    {
        var found = open();
        // Two loads may have found two models, where the name of one moved meanwhile: a pool serves one.
        return Interlocked.CompareExchange(ref _opened, found, null) ?? found;
    }
}
