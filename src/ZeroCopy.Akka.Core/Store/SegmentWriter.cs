using Microsoft.Win32.SafeHandles;
using ZeroCopy.Blocks;
using ZeroCopy.Safetensors;
using ZeroCopy.Store.Files;
using ZeroCopy.Store.Hashing;
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
    private readonly bool _isLeft;
    private bool _published;

    /// <param name="directory">Where the file goes.</param>
    /// <param name="layout">What it holds.</param>
    /// <param name="isReceived">Whether what a process that died received of it is taken up again.</param>
    public SegmentWriter(StoreDirectory directory, SegmentLayout layout, bool isReceived = false)
    {
        Layout = layout;
        (_path, _file) = (isReceived ? OpenReceived(directory, layout) : null) ?? Create(directory);
        try
        {
            // A new one is empty.
            _isLeft = RandomAccess.GetLength(_file) == layout.Length;
            RandomAccess.SetLength(_file, layout.Length);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public SegmentLayout Layout { get; }

    /// <summary>Whether a process died while it received the same segment. The caller holds the store's lock.</summary>
    public static bool IsLeft(StoreDirectory directory, SegmentLayout layout)
    {
        try
        {
            using var file = ExclusiveFile.TryLock(directory.ReceivePath(layout));
            return file is not null && RandomAccess.GetLength(file) == layout.Length;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Copies the blocks on the calling thread: a file system takes one write to a file at a time.</summary>
    /// <exception cref="Errors.InvalidModelException">A block's bytes are no longer those that were hashed.</exception>
    public void Write(IReadOnlyDictionary<BlockId, HashedSource> sources, PutMeter meter, CancellationToken cancellationToken)
    {
        RandomAccess.Write(_file, Layout.Header, 0);
        foreach (var block in Layout.Blocks)
        {
            sources[block.Id].ForEachPiece(
                (offset, bytes) =>
                {
                    RandomAccess.Write(_file, bytes, block.Offset + offset);
                    meter.Written(bytes.Length);
                },
                cancellationToken);
        }
    }

    /// <summary>A writer for each block that is still to be received; they may run side by side. The caller disposes them.</summary>
    public IReadOnlyList<BlockWriter> Open(PutMeter meter, CancellationToken cancellationToken)
    {
        RandomAccess.Write(_file, Layout.Header, 0);
        var there = _isLeft ? WholeBlocks(cancellationToken) : [];
        meter.Written(there.Sum(block => block.Length));
        return
        [
            .. Layout.Blocks.Except(there).Select(block => new BlockWriter(
                block.Id,
                block.Length,
                (offset, bytes) =>
                {
                    RandomAccess.Write(_file, bytes, block.Offset + offset);
                    meter.Written(bytes.Length);
                },
                (offset, bytes) => _file.ReadUpTo(bytes, block.Offset + offset))),
        ];
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
        var fileName = $"{Guid.NewGuid():N}.safetensors";
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

    private static (string, SafeFileHandle) Create(StoreDirectory directory)
    {
        var path = directory.NewTemporaryPath(".safetensors");
        return (path, File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
    }

    // None where another receive has it.
    private static (string, SafeFileHandle)? OpenReceived(StoreDirectory directory, SegmentLayout layout)
    {
        var path = directory.ReceivePath(layout);
        try
        {
            return (path, File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // By their hashes: nobody wrote down how far a process came that died.
    private SegmentBlock[] WholeBlocks(CancellationToken cancellationToken)
    {
        var segment = new Segment(_path, Layout.Length, Layout.Blocks);
        var blocks = Layout.Blocks.Select(block => new StoredBlock(segment, block, _file)).ToArray();
        var found = BlockHasher.Hash(blocks, checks: false, _ => { }, cancellationToken);
        return [.. Layout.Blocks.Where((block, i) => found[i].Id == block.Id)];
    }
}
