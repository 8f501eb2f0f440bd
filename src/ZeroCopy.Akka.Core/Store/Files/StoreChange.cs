namespace ZeroCopy.Store.Files;

/// <summary>
/// The store's lock while it is held. Counts the areas that its holder changes, so that others see them. A holder that changed something
/// calls <see cref="Complete"/> when what it knows is again what the files say; without it everything is read again.
/// </summary>
internal sealed class StoreChange : IDisposable
{
    private readonly Generation _generation;
    private readonly FileStream _file;
    private readonly SemaphoreSlim _threads;
    private readonly bool[] _touched = new bool[Enum.GetValues<StoreArea>().Length];
    private bool _completed;

    public StoreChange(Generation generation, FileStream file, SemaphoreSlim threads)
    {
        _generation = generation;
        _file = file;
        _threads = threads;
        if (generation.IsChanging)
        {
            // The last holder died in the middle of a change: everything may differ from what anyone knows.
            foreach (var area in Enum.GetValues<StoreArea>())
            {
                Touch(area);
            }
        }
    }

    /// <summary>Runs before the lock is given back; true when the change was completed.</summary>
    public Action<bool>? Ending { get; set; }

    /// <summary>Must be called before a file of the area is changed or locked exclusively.</summary>
    public void Touch(StoreArea area)
    {
        if (!_touched[(int)area])
        {
            _touched[(int)area] = true;
            _generation.BeginChange();
            _generation.Bump(area);
        }
    }

    public void Complete() => _completed = true;

    public void Dispose()
    {
        try
        {
            var unchanged = !_touched.Contains(true);
            for (var area = 0; area < _touched.Length; area++)
            {
                if (_touched[area])
                {
                    // Once more: a reader may have scanned between the first count and the change.
                    _generation.Bump((StoreArea)area);
                }
            }

            _generation.EndChange();
            Ending?.Invoke(_completed || unchanged);
        }
        finally
        {
            _file.Dispose();
            _threads.Release();
        }
    }
}
