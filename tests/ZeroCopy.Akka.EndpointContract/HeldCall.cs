using System.Collections.Concurrent;
using TorchSharp;

namespace ZeroCopy.EndpointContract;

/// <summary>A call that <see cref="ContractModel.held"/> holds until the test lets it go.</summary>
public sealed class HeldCall : IDisposable
{
    private static readonly ConcurrentDictionary<long, HeldCall> Calls = new();
    private static long _last;

    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<float> _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _gate = new();

    public HeldCall()
    {
        Number = Interlocked.Increment(ref _last);
        Calls[Number] = this;
    }

    /// <summary>What the model is given, to find the call by.</summary>
    public long Number { get; }

    /// <summary>Completes when the model runs.</summary>
    public Task Entered => _entered.Task;

    /// <summary>Completes when the model has been let go: the first number of its input, as the model sees it then.</summary>
    public Task<float> Left => _left.Task;

    /// <summary>Lets the model go.</summary>
    public void Release() => _gate.Set();

    /// <summary>Lets the model go. The gate itself is left to the collector, for the model may stand at it.</summary>
    public void Dispose()
    {
        Release();
        Calls.TryRemove(Number, out _);
    }

    internal static void Hold(long number, torch.Tensor input)
    {
        if (Calls.TryGetValue(number, out var call))
        {
            call._entered.TrySetResult();
            call._gate.Wait();
            call._left.TrySetResult(input[0].item<float>());
        }
    }
}
