namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// Bounds the bytes that several senders send in a second together: each piece takes its time from the end of the piece before.
/// Thread-safe.
/// </summary>
/// <param name="bytesPerSecond">Above 0.</param>
/// <param name="clock">The clock.</param>
internal sealed class SendRate(long bytesPerSecond, TimeProvider clock)
{
    // A timer is coarser than the time of a piece on a fast link: so much may be sent before its time, and a pause is never shorter.
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _free;

    /// <summary>Bytes of a piece, so that a slow sender sends something often.</summary>
    public int PieceBytes { get; } = (int)Math.Clamp(bytesPerSecond / 10, 1, TransferRoutes.PieceBytes);

    /// <summary>Waits until a piece may be sent.</summary>
    public Task WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = clock.GetElapsedTime(_start);
            wait = _free - now;
            _free = (wait > TimeSpan.Zero ? _free : now) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
        }

        return wait > Ahead ? Task.Delay(wait, clock, cancellationToken) : Task.CompletedTask;
    }
}
