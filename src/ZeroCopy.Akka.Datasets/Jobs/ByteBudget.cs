namespace ZeroCopy.Datasets.Jobs;

/// <summary>Bounds the bytes that are on their way; whoever comes first goes first. One taker at a time may wait, any thread may
/// return.</summary>
internal sealed class ByteBudget(long limit)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiting;
    private long _wanted;
    private long _used;

    /// <summary>Takes bytes once there is room for them, or nothing else is on its way.</summary>
    public async Task TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        Task wait;
        lock (_lock)
        {
            if (Fits(bytes))
            {
                _used += bytes;
                return;
            }

            _wanted = bytes;
            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            wait = _waiting.Task;
        }

        await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Return(long bytes)
    {
        lock (_lock)
        {
            _used -= bytes;
            if (_waiting is { } waiting && Fits(_wanted))
            {
                _used += _wanted;
                _waiting = null;
                waiting.SetResult();
            }
        }
    }

    private bool Fits(long bytes) => _used == 0 || _used + bytes <= limit;
}
