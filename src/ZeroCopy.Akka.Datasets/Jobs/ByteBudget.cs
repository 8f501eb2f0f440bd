namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// Bounds the bytes of batches that are on their way: of their rows from the reading on, and of their answers from the call on, both until
/// they are written. Thread-safe.
/// </summary>
internal sealed class ByteBudget(long limit)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _rows;
    private long _answers;
    private int _called;

    /// <summary>Takes the bytes of a batch's rows once there is room for them, or nothing else is on its way.</summary>
    public Task TakeAsync(long rows, CancellationToken cancellationToken) => WhenAsync(
        () =>
        {
            var fits = _rows + _answers == 0 || _rows + _answers + rows <= limit;
            _rows += fits ? rows : 0;
            return fits;
        },
        cancellationToken);

    /// <summary>
    /// Waits until a batch may be called: where answers wait to be written that fill the budget alone, not before. The batch that is the
    /// next to be written may always: batches are called and written in one order.
    /// </summary>
    public Task CallAsync(CancellationToken cancellationToken) => WhenAsync(
        () =>
        {
            var fits = _called == 0 || _answers < limit;
            _called += fits ? 1 : 0;
            return fits;
        },
        cancellationToken);

    /// <summary>Adds the bytes of an answer, which is there whether it fits or not.</summary>
    public void Add(long answers)
    {
        lock (_lock)
        {
            _answers += answers;
        }
    }

    /// <summary>Gives back what a batch took that was called: it is written.</summary>
    public void Return(long rows, long answers)
    {
        TaskCompletionSource returned;
        lock (_lock)
        {
            _rows -= rows;
            _answers -= answers;
            _called--;
            (returned, _returned) = (_returned, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        returned.SetResult();
    }

    private async Task WhenAsync(Func<bool> tryTake, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task returned;
            lock (_lock)
            {
                if (tryTake())
                {
                    return;
                }

                returned = _returned.Task;
            }

            await returned.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
