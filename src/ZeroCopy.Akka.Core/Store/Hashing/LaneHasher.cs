using System.Collections.Concurrent;
using ZeroCopy.Content;

namespace ZeroCopy.Store.Hashing;

/// <summary>One core's share of many tensors, sixteen at once: a lane whose tensor ends takes the next one of the queue.</summary>
internal sealed class LaneHasher(
    ConcurrentQueue<int> queue, IReadOnlyList<TensorSource> sources, bool checks, BlockHash[] hashes, Action<long> hashed) : IDisposable
{
    private readonly Sha256Lanes _hash = new();
    private readonly HashLane[] _lanes = [.. Enumerable.Range(0, Sha256Lanes.Count).Select(_ => new HashLane(checks))];
    private readonly int?[] _tensors = new int?[Sha256Lanes.Count];
    private long _untold;

    /// <summary>Hashes as many blocks of each lane as the lane with the fewest has; false once no tensor is left.</summary>
    public bool Step()
    {
        Span<nint> addresses = stackalloc nint[Sha256Lanes.Count];
        var blocks = int.MaxValue;
        for (var i = 0; i < Sha256Lanes.Count; i++)
        {
            if (Fill(i))
            {
                blocks = Math.Min(blocks, _lanes[i].Blocks);
            }

            addresses[i] = _lanes[i].Address;
        }

        if (blocks == int.MaxValue)
        {
            hashed(_untold);
            return false;
        }

        _hash.Append(addresses, blocks);
        foreach (var lane in _lanes)
        {
            lane.Skip(blocks);
        }

        if (_untold >= SourceReader.PieceBytes)
        {
            hashed(_untold);
            _untold = 0;
        }

        return true;
    }

    public void Dispose() => _hash.Dispose();

    // False where the lane stays empty.
    private bool Fill(int i)
    {
        var lane = _lanes[i];
        while (lane.Blocks == 0)
        {
            if (lane.TryRead(out var bytes))
            {
                _untold += bytes;
                continue;
            }

            if (_tensors[i] is { } ended)
            {
                hashes[ended] = new BlockHash(_hash.End(i), lane.Check);
            }

            if (!queue.TryDequeue(out var next))
            {
                _tensors[i] = null;
                lane.Close();
                return false;
            }

            _tensors[i] = next;
            _hash.Begin(i);
            lane.Open(sources[next]);
        }

        return true;
    }
}
