using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using ZeroCopy.Store;

namespace ZeroCopy.Memory;

/// <summary>
/// One segment mapped into this process. Counted: born with one reference, unmapped with the last. The file is held open for reading as
/// long as it is mapped, which is the shared lock that keeps every process from deleting it.
/// </summary>
internal sealed unsafe class SegmentMapping
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _base;
    private int _references = 1;

    public SegmentMapping(string path, MappingMode mode, bool prefault)
    {
        Path = path;
        Mode = mode;
        var access = mode == MappingMode.ReadOnly ? MemoryMappedFileAccess.Read : MemoryMappedFileAccess.CopyOnWrite;
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            Length = RandomAccess.GetLength(handle);
            _file = MemoryMappedFile.CreateFromFile(handle, null, 0, access, HandleInheritability.None, leaveOpen: false);
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        try
        {
            _view = _file.CreateViewAccessor(0, Length, access);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _base);
        }
        catch
        {
            _view?.Dispose();
            _file.Dispose();
            throw;
        }

        if (prefault)
        {
            MemoryAdvice.Populate(_base, Length);
        }
    }

    public string Path { get; }

    public MappingMode Mode { get; }

    public long Length { get; }

    public nint Base => (nint)_base;

    public int References => Volatile.Read(ref _references);

    public bool Contains(nint address) => address >= Base && address - Base < Length;

    /// <summary>Adds a reference; false where the last one is gone already.</summary>
    public bool TryRetain()
    {
        for (var seen = Volatile.Read(ref _references); seen > 0; seen = Volatile.Read(ref _references))
        {
            if (Interlocked.CompareExchange(ref _references, seen + 1, seen) == seen)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a reference away; true for the last one, whose caller unmaps.</summary>
    public bool Release()
    {
        var left = Interlocked.Decrement(ref _references);
        Debug.Assert(left >= 0, "A mapping was released more often than retained.");
        return left == 0;
    }

    public void Unmap()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
