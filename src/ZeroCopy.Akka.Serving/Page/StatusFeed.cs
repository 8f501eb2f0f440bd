using Microsoft.Extensions.Logging;

namespace ZeroCopy.Serving.Page;

/// <summary>
/// One stream of documents for all who read the page: made while somebody reads, at an interval. A reader that is slow gets the newest one
/// next and none in between, so that nothing piles up. Thread-safe.
/// </summary>
internal sealed class StatusFeed(
    Func<CancellationToken, Task<ReadOnlyMemory<byte>>> read, int mostReaders, TimeSpan interval, TimeProvider clock, ILogger logger)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<ReadOnlyMemory<byte>> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _readers;
    private bool _runs;

    /// <summary>Whether documents are made.</summary>
    public bool Runs
    {
        get
        {
            lock (_lock)
            {
                return _runs;
            }
        }
    }

    /// <summary>Begins to read; false where there are readers enough.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_readers == mostReaders)
            {
                return false;
            }

            _readers++;
            if (!_runs)
            {
                _runs = true;
                _ = Task.Run(RunAsync);
            }

            return true;
        }
    }

    /// <summary>Ends one <see cref="TryEnter"/>.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _readers--;
        }
    }

    /// <summary>The next document.</summary>
    public Task<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _next).Task.WaitAsync(cancellationToken);

    private async Task RunAsync()
    {
        while (IsRead())
        {
            try
            {
                Publish(await read(CancellationToken.None).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                logger.LogError(e, "The status cannot be read, and is again in {Interval}", interval);
            }

            await Task.Delay(interval, clock).ConfigureAwait(false);
        }
    }

    private bool IsRead()
    {
        lock (_lock)
        {
            return _runs = _readers > 0;
        }
    }

    private void Publish(ReadOnlyMemory<byte> document)
    {
        var next = new TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _next, next).SetResult(document);
    }
}
