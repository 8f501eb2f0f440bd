namespace ZeroCopy.Clustering.Transfer;

/// <summary>The blocks that nobody receives yet, in requests. Thread-safe.</summary>
internal sealed class TransferQueue
{
    private readonly Lock _lock = new();
    private readonly LinkedList<IncomingBlock> _waiting;
    private readonly long _requestBytes;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    /// <param name="blocks">The blocks; the largest go first, so that the last to arrive are small.</param>
    /// <param name="requestBytes">Bytes of a request of several blocks.</param>
    public TransferQueue(IEnumerable<IncomingBlock> blocks, long requestBytes)
    {
        _waiting = new LinkedList<IncomingBlock>(blocks.OrderByDescending(block => block.Writer.Length));
        _requestBytes = requestBytes;
        _left = _waiting.Count;
    }

    /// <summary>Whether every block is complete.</summary>
    public bool IsDone
    {
        get
        {
            lock (_lock)
            {
                return _left == 0;
            }
        }
    }

    /// <summary>The blocks of the next request, also those that another request gives back; none when every block is complete.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<IReadOnlyList<IncomingBlock>> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_left == 0 || _waiting.Count > 0)
                {
                    return TakeSome();
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A request has ended: what is complete is done with, and the rest waits again, in front.</summary>
    public void Return(IReadOnlyList<IncomingBlock> blocks)
    {
        lock (_lock)
        {
            foreach (var block in blocks.Reverse())
            {
                if (block.Writer.IsComplete)
                {
                    _left--;
                }
                else
                {
                    _waiting.AddFirst(block);
                }
            }

            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private List<IncomingBlock> TakeSome()
    {
        var taken = new List<IncomingBlock>();
        var bytes = 0L;
        while (_waiting.First is { } next && taken.Count < BlockRange.MostInRequest
            && (taken.Count == 0 || bytes + next.Value.Writer.Length <= _requestBytes))
        {
            _waiting.RemoveFirst();
            bytes += next.Value.Writer.Length;
            taken.Add(next.Value);
        }

        return taken;
    }
}
