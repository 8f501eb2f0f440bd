using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace ZeroCopy.Serving.Regions;

/// <summary>
/// A mapped part of a shared memory object. Counted: born with one reference, unmapped with the last, so that a region that is removed
/// stays for the calls that use it. Thread-safe.
/// </summary>
internal sealed unsafe class SharedRegion : MemoryManager<byte>
{
    private readonly FileStream _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly long _end;
    private int _references = 1;

    /// <param name="key">The object's name.</param>
    /// <param name="file">The open object; belongs to this.</param>
    /// <param name="offset">Bytes in front of the region.</param>
    /// <param name="size">Bytes of the region.</param>
    public SharedRegion(string key, FileStream file, long offset, int size)
    {
        (Key, _file, Offset, Size) = (key, file, offset, size);
        _end = offset + size;
        using var mapping = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = mapping.CreateViewAccessor(offset, size, MemoryMappedFileAccess.ReadWrite);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    public string Key { get; }

    public long Offset { get; }

    public int Size { get; }

    /// <summary>Whether the object is as large as it was: what is cut off cannot be touched any more.</summary>
    public bool IsWhole => _file.Length >= _end;

    /// <summary>Adds a reference; false where the last one is gone.</summary>
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

    /// <summary>Takes a reference away.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }

    public override Span<byte> GetSpan() => new(_start, Size);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex, pinnable: this);

    public override void Unpin()
    {
        // Mapped memory does not move.
    }

    protected override void Dispose(bool disposing)
    {
        // By its references alone.
    }
}
