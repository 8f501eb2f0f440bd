using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Security.Cryptography;
using ZeroCopy.Blocks;
using ZeroCopy.Content;

namespace ZeroCopy.Store.Hashing;

/// <summary>
/// Hashes tensors on all cores: the largest one by one, and the others, where the processor can, sixteen at once on each core.
/// </summary>
internal sealed class BlockHasher
{
    // Fewer are hashed one by one in the time that it takes to compile the lanes.
    private const long LeastLaneBytes = 8 << 20;

    private readonly IReadOnlyList<TensorSource> _sources;
    private readonly bool _checks;
    private readonly Action<long> _hashed;
    private readonly CancellationToken _cancellationToken;
    private readonly BlockHash[] _hashes;

    // The largest first: the last to finish is then a small one.
    private readonly int[] _order;

    private BlockHasher(IReadOnlyList<TensorSource> sources, bool checks, Action<long> hashed, CancellationToken cancellationToken)
    {
        _sources = sources;
        _checks = checks;
        _hashed = hashed;
        _cancellationToken = cancellationToken;
        _hashes = new BlockHash[sources.Count];
        _order = [.. Enumerable.Range(0, sources.Count).OrderByDescending(i => sources[i].Layout.ByteLength)];
    }

    /// <summary>The hashes, in the order of the tensors.</summary>
    /// <param name="sources">The tensors.</param>
    /// <param name="checks">Whether they are read again, and need the second hash for it.</param>
    /// <param name="hashed">Told, on many threads, of more bytes as they are hashed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static BlockHash[] Hash(
        IReadOnlyList<TensorSource> sources, bool checks, Action<long> hashed, CancellationToken cancellationToken)
    {
        var hasher = new BlockHasher(sources, checks, hashed, cancellationToken);
        var lengths = Array.ConvertAll(hasher._order, tensor => sources[tensor].Layout.ByteLength);
        var lanes = Sha256Lanes.IsSupported && lengths.Sum() >= LeastLaneBytes;
        return hasher.Run(lanes ? HashPlan.Singles(lengths, Environment.ProcessorCount) : sources.Count);
    }

    /// <summary>As above, with the given number of tensors, the largest, one by one.</summary>
    public static BlockHash[] Hash(
        IReadOnlyList<TensorSource> sources, int singles, bool checks, Action<long> hashed, CancellationToken cancellationToken) =>
        new BlockHasher(sources, checks, hashed, cancellationToken).Run(singles);

    private BlockHash[] Run(int singles)
    {
        var queue = new ConcurrentQueue<int>(_order.Skip(singles));
        var cores = Math.Min((queue.Count + Sha256Lanes.Count - 1) / Sha256Lanes.Count, Environment.ProcessorCount);
        var parts = _order.Take(singles).Select(tensor => new Action<ParallelLoopState>(_ => HashOne(tensor)))
            .Concat(Enumerable.Repeat<Action<ParallelLoopState>>(loop => HashLanes(queue, loop), cores));
        ParallelWork.ForEach(parts, (part, loop) => part(loop), _cancellationToken);
        return _hashes;
    }

    private void HashOne(int tensor)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var check = _checks ? new XxHash3() : null;
        SourceReader.ForEachPiece(
            _sources[tensor],
            (_, bytes) =>
            {
                // Before: a change in between is then found when the bytes are read again.
                check?.Append(bytes);
                hash.AppendData(bytes);
                _hashed(bytes.Length);
            },
            _cancellationToken);
        _hashes[tensor] = new BlockHash(BlockId.FromHash(hash.GetHashAndReset()), check?.GetCurrentHashAsUInt64());
    }

    // One core's share.
    private void HashLanes(ConcurrentQueue<int> queue, ParallelLoopState loop)
    {
        if (queue.IsEmpty)
        {
            return;
        }

        using var hasher = new LaneHasher(queue, _sources, _checks, _hashes, _hashed);
        while (!loop.ShouldExitCurrentIteration && hasher.Step())
        {
            // Until no tensor is left, another core failed, or the work is cancelled.
        }
    }
}
