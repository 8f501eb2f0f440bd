using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>A block on its way here, and who has sent bytes of it. For one request at a time.</summary>
internal sealed class IncomingBlock(BlockWriter writer)
{
    // Of several senders that break off again and again one might lie each time.
    private const int MostMismatches = 3;

    private readonly HashSet<TransferSource> _senders = [];
    private int _mismatches;

    public BlockWriter Writer => writer;

    /// <summary>Whether another receiver of the model is known to have it. Guarded by the queue.</summary>
    public bool IsElsewhere { get; set; }

    /// <summary>A source sends from where the block stands.</summary>
    public void From(TransferSource source)
    {
        if (writer.Position == 0)
        {
            _senders.Clear();
        }

        _senders.Add(source);
    }

    /// <summary>
    /// Ends the block. Where its bytes are others than its hash says, it begins anew, and its sender is dropped; of several nobody knows
    /// which it was, so that none is at first.
    /// </summary>
    public bool TryComplete()
    {
        if (writer.TryComplete())
        {
            return true;
        }

        if (++_mismatches >= MostMismatches || _senders.Count == 1)
        {
            foreach (var sender in _senders)
            {
                sender.Drop($"sent other bytes than those of block {writer.Id}");
            }
        }

        return false;
    }
}
