using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>Hashes every block again and names the models that damage hurts.</summary>
internal sealed class Verifier(StoreCatalog catalog)
{
    private const int PieceBytes = 1 << 20;

    public VerifyReport Run(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        // Opened under the lock: an open segment is not deleted, and the hashing needs the lock no more.
        var (opened, users, missing, unreadable) = Snapshot(cancellationToken);
        try
        {
            var damaged = new List<DamagedBlock>(missing);
            var bytes = 0L;
            var blocks = opened.SelectMany(o => o.Segment.Blocks.Select(block => (o.File, o.Segment, Block: block))).ToArray();
            ParallelWork.ForEach(
                blocks,
                item =>
                {
                    if (Hash(item.File, item.Block, cancellationToken) != item.Block.Id)
                    {
                        lock (damaged)
                        {
                            damaged.Add(new DamagedBlock(item.Block.Id, item.Segment.FileName, Users(users, item.Block.Id)));
                        }
                    }

                    var hashed = Interlocked.Add(ref bytes, item.Block.Length);
                    progress?.Report(hashed);
                },
                cancellationToken);
            return new VerifyReport(blocks.Length, bytes, [.. damaged.OrderBy(d => d.Block)], unreadable);
        }
        finally
        {
            foreach (var (_, file) in opened)
            {
                file.Dispose();
            }
        }
    }

    private (List<(Segment Segment, SafeFileHandle File)> Opened, ILookup<BlockId, ModelId> Users, List<DamagedBlock> Missing, ImmutableArray<string> Unreadable)
        Snapshot(CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            var users = catalog.Models.Models.SelectMany(m => m.Manifest.Blocks.Select(block => (block, m.Id)))
                .ToLookup(use => use.block, use => use.Id);
            var missing = users.Where(use => !catalog.Index.TryFind(use.Key, out _))
                .Select(use => new DamagedBlock(use.Key, null, Users(users, use.Key))).ToList();
            var opened = new List<(Segment Segment, SafeFileHandle File)>();
            foreach (var segment in catalog.Index.Segments)
            {
                opened.Add((segment, File.OpenHandle(
                    catalog.Directory.SegmentPath(segment.FileName), FileMode.Open, FileAccess.Read, FileShare.Read)));
            }

            return (opened, users, missing, [.. catalog.Unreadable.OrderBy(u => u.Key, StringComparer.Ordinal).Select(u => u.Value.StartsWith(u.Key, StringComparison.Ordinal) ? u.Value : $"{u.Key}: {u.Value}")]);
        }
    }

    private static ImmutableArray<ModelId> Users(ILookup<BlockId, ModelId> users, BlockId block) => [.. users[block].Order()];

    private static BlockId Hash(SafeFileHandle file, SegmentBlock block, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (var done = 0L; done < block.Length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(PieceBytes, block.Length - done)), block.Offset + done);
                if (read == 0)
                {
                    // Shortened since its header was read: the hash of what is left is not the block's id.
                    break;
                }

                hash.AppendData(buffer, 0, read);
                done += read;
            }

            return BlockId.FromHash(hash.GetHashAndReset());
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
