namespace ZeroCopy.Batches;

/// <summary>Rows that wait for others to be a batch with, and that are let go of where they never are. Thread-safe.</summary>
/// <typeparam name="TIn">Type of a row.</typeparam>
/// <param name="release">Releases rows that no call takes.</param>
internal sealed class WaitingRows<TIn>(Action<IReadOnlyList<TIn>> release)
{
    private readonly Lock _lock = new();
    private readonly List<TIn> _rows = [];
    private bool _isOver;

    /// <summary>Keeps a row; lets go of it where nothing follows any more.</summary>
    /// <returns>How many wait.</returns>
    public int Add(TIn row)
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                _rows.Add(row);
                return _rows.Count;
            }
        }

        release([row]);
        return 0;
    }

    /// <summary>All that wait, as a batch.</summary>
    public TIn[] Take()
    {
        lock (_lock)
        {
            TIn[] taken = [.. _rows];
            _rows.Clear();
            return taken;
        }
    }

    /// <summary>Lets go of what waits.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        release(Take());
    }
}
