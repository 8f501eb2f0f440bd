using System.IO.MemoryMappedFiles;

namespace ZeroCopy.Store.Files;

/// <summary>
/// Counters that all processes on a store share through a mapped page, so that a look-up knows in nanoseconds that nothing changed. Reading
/// is safe from any thread, also after disposal (an exception).
/// The sequence is odd while a process changes the store; only the holder of the store's lock changes it. A lock that is obtained while the
/// sequence is odd means that its last holder died in the middle.
/// </summary>
internal sealed class Generation : IDisposable
{
    private const int PageBytes = 4096;
    private const int CounterBytes = sizeof(long);
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public Generation(string path)
    {
        var handle = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        if (handle.Length < PageBytes)
        {
            // Written, not only extended: on a full file system this fails here instead of as a bus error in the mapping.
            handle.Position = handle.Length;
            handle.Write(new byte[PageBytes - handle.Length]);
        }

        _file = MemoryMappedFile.CreateFromFile(
            handle, null, PageBytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, PageBytes);
    }

    /// <summary>Changes with every change of the store.</summary>
    public long Sequence => _view.ReadInt64(0);

    public bool IsChanging => (Sequence & 1) == 1;

    public long Of(StoreArea area) => _view.ReadInt64(Place(area));

    /// <summary>Before a change: readers from now on rescan again after <see cref="EndChange"/>.</summary>
    public void BeginChange()
    {
        if (!IsChanging)
        {
            _view.Write(0, Sequence + 1);
        }
    }

    public void Bump(StoreArea area) => _view.Write(Place(area), Of(area) + 1);

    public void EndChange()
    {
        if (IsChanging)
        {
            _view.Write(0, Sequence + 1);
        }
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static long Place(StoreArea area) => CounterBytes * (1 + (int)area);
}
