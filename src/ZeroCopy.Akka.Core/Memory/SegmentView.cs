using System.IO.MemoryMappedFiles;

namespace ZeroCopy.Memory;

/// <summary>
/// A part of a segment mapped for one holder: pages are the segment's until that holder writes to them, and then its own. Keeps the segment
/// mapped and its file open.
/// </summary>
internal sealed unsafe class SegmentView : MemoryRegion
{
    private readonly SegmentMapping _segment;
    private readonly MemoryMappedViewAccessor _view;

    /// <exception cref="ObjectDisposedException">The segment is not mapped any more: its file may be gone.</exception>
    public SegmentView(SegmentMapping segment, long offset, long length, MappingMode mode, bool prefault)
    {
        if (!segment.TryRetain())
        {
            throw new ObjectDisposedException("ModelLease", "The lease on the model has ended.");
        }

        try
        {
            (_view, Base) = segment.Map(offset, length, mode);
        }
        catch
        {
            MappingRegistry.Unmap(segment);
            throw;
        }

        (_segment, Length) = (segment, length);
        if (prefault)
        {
            MemoryAdvice.Populate((byte*)Base, length);
        }
    }

    public override nint Base { get; }

    public override long Length { get; }

    public override void Free()
    {
        SegmentMapping.Free(_view);
        MappingRegistry.Unmap(_segment);
    }
}
