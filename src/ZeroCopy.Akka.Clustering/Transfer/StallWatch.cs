using ZeroCopy.Clocks;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// Ends a request to a source that sends nothing for too long, and tells what the source did from what its caller did. For one request.
/// </summary>
internal sealed class StallWatch : IDisposable
{
    private readonly TransferOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _stalled;
    private readonly CancellationTokenSource _ended;

    public StallWatch(TransferOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        _cancellationToken = cancellationToken;
        _stalled = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.TimeProvider);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(_stalled.Token, cancellationToken);
    }

    /// <summary>A step in which the source has to send something.</summary>
    /// <exception cref="SourceException">It sent nothing for too long, or failed.</exception>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    public async Task<T> WatchAsync<T>(Func<CancellationToken, Task<T>> step)
    {
        _stalled.CancelAfter(Durations.TimerOf(_options.StallTimeout));
        try
        {
            return await step(_ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!_cancellationToken.IsCancellationRequested)
        {
            throw new SourceException($"sent nothing for {Durations.Text(_options.StallTimeout)}", inner: e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new SourceException($"failed: {e.Message}", inner: e);
        }
    }

    public void Dispose()
    {
        _ended.Dispose();
        _stalled.Dispose();
    }
}
