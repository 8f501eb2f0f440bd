namespace ZeroCopy.Store;

/// <summary>
/// The queue of puts in front of admission: first come, first served, so that a large put is not starved by small ones. The first one tries
/// again when something of this process was released, and now and then for what other processes release.
/// </summary>
internal sealed class WaitingPuts(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private TaskCompletionSource _released = New();
    private int _waiting;
    private int _makingRoom;

    /// <summary>Puts that wait for room.</summary>
    public int Count => Volatile.Read(ref _waiting);

    /// <summary>Whether room is being made: a put waits for it, and no model is evicted that it would spare.</summary>
    public bool IsRoomComing => Volatile.Read(ref _makingRoom) > 0;

    /// <summary>Does work that makes room; whoever waits tries again after it.</summary>
    public T MakeRoom<T>(Func<T> work)
    {
        Interlocked.Increment(ref _makingRoom);
        try
        {
            return work();
        }
        finally
        {
            Interlocked.Decrement(ref _makingRoom);
            Signal();
        }
    }

    /// <summary>Something was released: whoever waits tries again.</summary>
    public void Signal() => Interlocked.Exchange(ref _released, New()).TrySetResult();

    /// <summary>Tries until <paramref name="attempt"/> returns a result or the token ends the waiting.</summary>
    public async Task<T> AdmitAsync<T>(Func<T?> attempt, CancellationToken cancellationToken)
        where T : class
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                while (true)
                {
                    // Before the attempt: what is released during it must not be missed.
                    var released = Volatile.Read(ref _released).Task;
                    if (attempt() is { } result)
                    {
                        return result;
                    }

                    await Task.WhenAny(released, Task.Delay(Poll, time, cancellationToken)).ConfigureAwait(false);
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => Signal();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
