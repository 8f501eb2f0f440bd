using Microsoft.Win32.SafeHandles;
using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Store.Files;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Store;

/// <summary>
/// A segment on its way into the store: a temporary file with its full length, so that every process counts it, and held exclusively, so
/// that nobody sweeps it while its writer lives. Disposing it unpublished deletes it.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private bool _published;

    public SegmentWriter(StoreDirectory directory, SegmentLayout layout)
    {
        Layout = layout;
        _path = directory.NewTemporaryPath(".safetensors");
        _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        try
        {
            RandomAccess.SetLength(_file, layout.Length);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public SegmentLayout Layout { get; }

    /// <summary>Copies the blocks on the calling thread: a file system takes one write to a file at a time.</summary>
    public void Write(IReadOnlyDictionary<BlockId, TensorSource> sources, PutMeter meter, CancellationToken cancellationToken)
    {
        RandomAccess.Write(_file, Layout.Header, 0);
        foreach (var block in Layout.Blocks)
        {
            SourceReader.ForEachPiece(
                sources[block.Id],
                (offset, bytes) =>
                {
                    RandomAccess.Write(_file, bytes, block.Offset + offset);
                    meter.Written(bytes.Length);
                },
                cancellationToken);
        }
    }

    /// <summary>A writer for each block, for those that are received; they may run side by side. The caller disposes them.</summary>
    public IEnumerable<BlockWriter> Open(PutMeter meter)
    {
        RandomAccess.Write(_file, Layout.Header, 0);
        return Layout.Blocks.Select(block => new BlockWriter(block.Id, block.Length, (offset, bytes) =>
        {
            RandomAccess.Write(_file, bytes, block.Offset + offset);
            meter.Written(bytes.Length);
        }));
    }

    /// <summary>Moves the finished file into place. The caller holds the store's lock.</summary>
    public Segment Publish(StoreDirectory directory)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_file, ReadOnly);
        }

        // Before the caller gives the store's lock back: whoever leases the model next must not find the file locked. Windows, moreover,
        // does not move open files.
        _file.Dispose();
        var fileName = Path.GetFileName(_path);
        File.Move(_path, directory.SegmentPath(fileName));
        _published = true;
        return new Segment(fileName, Layout.Length, Layout.Blocks);
    }

    public void Dispose()
    {
        if (!_published)
        {
            if (OperatingSystem.IsWindows())
            {
                _file.Dispose();
            }

            File.Delete(_path);
        }

        _file.Dispose();
    }
}
