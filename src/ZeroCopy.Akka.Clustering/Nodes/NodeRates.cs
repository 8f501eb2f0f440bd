namespace ZeroCopy.Clustering.Nodes;

/// <summary>How fast a node received and loaded models lately: the last of them count most. Thread-safe.</summary>
internal sealed class NodeRates
{
    // Of less than that the time says nothing of the bytes.
    private const long LeastBytes = 1 << 20;

    private const double LastShare = 1 / 2d;

    private readonly Lock _lock = new();
    private double _receive;
    private double _load;

    /// <summary>What is known; 0 for what was not measured yet.</summary>
    public (double Receive, double Load) BytesPerSecond
    {
        get
        {
            lock (_lock)
            {
                return (_receive, _load);
            }
        }
    }

    /// <summary>Bytes have come from other stores.</summary>
    public void Received(long bytes, TimeSpan time) => Add(ref _receive, bytes, time);

    /// <summary>A model of so many bytes has been loaded, which was not before.</summary>
    public void Loaded(long bytes, TimeSpan time) => Add(ref _load, bytes, time);

    private void Add(ref double rate, long bytes, TimeSpan time)
    {
        if (bytes < LeastBytes || time <= TimeSpan.Zero)
        {
            return;
        }

        lock (_lock)
        {
            var last = bytes / time.TotalSeconds;
            rate = rate == 0 ? last : rate + (LastShare * (last - rate));
        }
    }
}
