using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Files;
using ZeroCopy.Store.Hashing;

namespace ZeroCopy.Store;

/// <summary>Hashes every block again and names the models that damage hurts. Other processes go on meanwhile.</summary>
internal sealed class Verifier(StoreCatalog catalog)
{
    // Descriptors are few; blocks of this many files are still enough work for all cores.
    private const int OpenFiles = 64;

    private readonly Lock _gate = new();
    private readonly List<DamagedBlock> _damaged = [];
    private ILookup<BlockId, ModelId> _users = Enumerable.Empty<ModelId>().ToLookup(_ => default(BlockId));
    private int _blocks;
    private long _bytes;

    public VerifyReport Run(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var (segments, unreadable) = Snapshot(cancellationToken);
        foreach (var chunk in segments.Chunk(OpenFiles))
        {
            var files = new List<(Segment Segment, SafeFileHandle File)>(chunk.Length);
            try
            {
                Open(chunk, files, cancellationToken);
                var blocks = files.SelectMany(f => f.Segment.Blocks.Select(block => new StoredBlock(f.Segment, block, f.File))).ToArray();
                Check(blocks, progress, cancellationToken);
            }
            finally
            {
                foreach (var (_, file) in files)
                {
                    file.Dispose();
                }
            }
        }

        return new VerifyReport(_blocks, _bytes, [.. _damaged.OrderBy(damage => damage.Block)], unreadable);
    }

    private (Segment[] Segments, ImmutableArray<string> Unreadable) Snapshot(CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            _users = catalog.Models.Models.SelectMany(m => m.Blocks.Select(block => (block, m.Id)))
                .ToLookup(use => use.block, use => use.Id);
            _damaged.AddRange(_users.Where(use => !catalog.Index.TryFind(use.Key, out _)).Select(use => Damage(use.Key, null)));
            return ([.. catalog.Index.Segments], [.. catalog.Unreadable.All.Select(Describe)]);
        }
    }

    private string Describe(UnreadableFile file)
    {
        var names = catalog.Names.All().Where(pointer => catalog.Directory.ManifestPath(pointer.Model) == file.Path)
            .Select(pointer => pointer.Name).ToArray();
        return names.Length == 0 ? file.Reason : $"{file.Reason} It was {string.Join(", ", names)}.";
    }

    // Under the store's lock: who deletes a segment holds it. What was deleted since the snapshot is left out.
    private void Open(Segment[] segments, List<(Segment Segment, SafeFileHandle File)> files, CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        foreach (var segment in segments)
        {
            var path = catalog.Directory.SegmentPath(segment.FileName);
            if (File.Exists(path))
            {
                files.Add((segment, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read)));
            }
        }
    }

    private void Check(StoredBlock[] blocks, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var hashes = BlockHasher.Hash(blocks, checks: false, bytes => Report(progress, bytes), cancellationToken);
        _blocks += blocks.Length;
        var damaged = blocks.Where((block, i) => block.IsShort || hashes[i].Id != block.Id);
        _damaged.AddRange(damaged.Select(block => Damage(block.Id, block.Segment.FileName)));
    }

    private void Report(IProgress<long>? progress, long bytes)
    {
        lock (_gate)
        {
            _bytes += bytes;
            progress?.Report(_bytes);
        }
    }

    private DamagedBlock Damage(BlockId block, string? segment) => new(block, segment, [.. _users[block].Order()]);
}
