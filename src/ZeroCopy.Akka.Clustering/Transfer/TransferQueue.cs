using System.Numerics;
using ZeroCopy.Blocks;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// The blocks that nobody receives yet, in requests. Large ones go first, so that the last to arrive are small; among those of about a size
/// chance decides, so that several receivers of a model begin with different ones and have them for each other. Thread-safe.
/// </summary>
internal sealed class TransferQueue
{
    private readonly Lock _lock = new();
    private readonly LinkedList<IncomingBlock> _waiting;
    private readonly long _requestBytes;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    /// <param name="blocks">The blocks.</param>
    /// <param name="requestBytes">Bytes of a request of several blocks.</param>
    public TransferQueue(IEnumerable<IncomingBlock> blocks, long requestBytes)
    {
        _waiting = new LinkedList<IncomingBlock>(
            blocks.OrderByDescending(block => BitOperations.Log2((ulong)block.Writer.Length)).ThenBy(_ => Random.Shared.Next()));
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

    /// <summary>
    /// The blocks of the next request to a node that has all, also those that another request gives back; none when every block is
    /// complete. Those that another receiver has come last.
    /// </summary>
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
                    var isSole = _waiting.Any(block => !block.IsElsewhere);
                    return TakeSome(block => !isSole || !block.IsElsewhere);
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The blocks of the next request to another receiver of the model; none where it has none that is wanted.</summary>
    public IReadOnlyList<IncomingBlock> Take(HashSet<BlockId> having)
    {
        lock (_lock)
        {
            foreach (var block in _waiting)
            {
                block.IsElsewhere |= having.Contains(block.Writer.Id);
            }

            return TakeSome(block => having.Contains(block.Writer.Id));
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

    private List<IncomingBlock> TakeSome(Func<IncomingBlock, bool> isWanted)
    {
        var taken = new List<IncomingBlock>();
        var bytes = 0L;
        for (var place = _waiting.First; place is not null && taken.Count < BlockRange.MostInRequest;)
        {
            var (next, block) = (place.Next, place.Value);
            if (isWanted(block))
            {
                bytes += block.Writer.Length;
                if (taken.Count > 0 && bytes > _requestBytes)
                {
                    break;
                }

                _waiting.Remove(place);
                taken.Add(block);
            }

            place = next;
        }

        return taken;
    }
}
