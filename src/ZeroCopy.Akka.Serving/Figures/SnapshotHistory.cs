namespace ZeroCopy.Serving.Figures;

/// <summary>The last snapshots, so that figures of a while can be told from those since the start. Not thread-safe.</summary>
/// <param name="window">How long they are kept.</param>
internal sealed class SnapshotHistory(TimeSpan window)
{
    private readonly List<MetricSnapshot> _snapshots = [];

    /// <summary>The newest one; <see cref="MetricSnapshot.Empty"/> of none.</summary>
    public MetricSnapshot Last => _snapshots.LastOrDefault(MetricSnapshot.Empty);

    public void Add(MetricSnapshot snapshot)
    {
        _snapshots.Add(snapshot);
        var older = _snapshots.FindLastIndex(known => known.Time <= snapshot.Time - window);
        if (older > 0)
        {
            _snapshots.RemoveRange(0, older);
        }
    }

    /// <summary>
    /// The beginning of the window: <see cref="MetricSnapshot.Empty"/> where nobody looked then, so that what is compared with it counts
    /// since the start.
    /// </summary>
    public MetricSnapshot Beginning()
    {
        var from = Last.Time - window;
        return _snapshots is [var first, ..] && first.Time <= from && from - first.Time < window ? first : MetricSnapshot.Empty;
    }

    /// <summary>The oldest one of a while, but the last one; null where there is no other.</summary>
    public MetricSnapshot? OldestOf(TimeSpan last) => _snapshots.Find(known => known != Last && Last.Time - known.Time <= last);
}
