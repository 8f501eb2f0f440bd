using System.IO.MemoryMappedFiles;

namespace ZeroCopy.Memory;

/// <summary>
/// One segment mapped into this process, for reading alone. The file is held open for reading as long as it is mapped, which is the shared
/// lock that keeps every process from deleting it.
/// </summary>
internal sealed unsafe class SegmentMapping : MemoryRegion
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public SegmentMapping(string path)
    {
        Path = path;
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            Length = RandomAccess.GetLength(handle);
            _file = MemoryMappedFile.CreateFromFile(
                handle, null, 0, MemoryMappedFileAccess.CopyOnWrite, HandleInheritability.None, leaveOpen: false);
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        try
        {
            (_view, Base) = Map(0, Length, MappingMode.ReadOnly);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    public override nint Base { get; }

    public override long Length { get; }

    /// <summary>Maps a part of the segment once more. The caller releases the view before this mapping.</summary>
    public (MemoryMappedViewAccessor View, nint Base) Map(long offset, long length, MappingMode mode)
    {
        var view = _file.CreateViewAccessor(
            offset, length, mode == MappingMode.ReadOnly ? MemoryMappedFileAccess.Read : MemoryMappedFileAccess.CopyOnWrite);
        try
        {
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return (view, (nint)(start + view.PointerOffset));
        }
        catch
        {
            view.Dispose();
            throw;
        }
    }

    public override void Free()
    {
        Free(_view);
        _file.Dispose();
    }

    /// <summary>Unmaps what <see cref="Map"/> returned.</summary>
    public static void Free(MemoryMappedViewAccessor view)
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
    }
}
