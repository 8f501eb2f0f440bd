namespace ZeroCopy.Clustering.Transfer;

/// <summary>What one node sends to others at most. Thread-safe.</summary>
/// <param name="sends">Answers with blocks at a time.</param>
/// <param name="rate">Bytes a second; null for no limit.</param>
internal sealed class SendLimits(int sends, SendRate? rate)
{
    private int _running;

    /// <summary>Bytes of a piece that is sent at once.</summary>
    public int PieceBytes => rate?.PieceBytes ?? TransferRoutes.PieceBytes;

    /// <summary>Begins an answer, which <see cref="End"/> ends; false where there are as many as there may be.</summary>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _running) <= sends)
        {
            return true;
        }

        End();
        return false;
    }

    public void End() => Interlocked.Decrement(ref _running);

    /// <summary>Waits until a piece may be sent.</summary>
    public Task WaitAsync(int bytes, CancellationToken cancellationToken) =>
        rate?.WaitAsync(bytes, cancellationToken) ?? Task.CompletedTask;
}
