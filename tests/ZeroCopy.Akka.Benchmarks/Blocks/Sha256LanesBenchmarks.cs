using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using ZeroCopy.Blocks;
using ZeroCopy.Store.Hashing;

namespace ZeroCopy.Benchmarks.Blocks;

/// <summary>Hashing sixteen tensors on one thread, in lanes against one after the other, over their bytes. Needs AVX-512.</summary>
public class Sha256LanesBenchmarks
{
    private readonly Sha256Lanes _hash = new();
    private byte[][] _contents = null!;
    private nint[] _addresses = null!;

    /// <summary>Bytes of each: a bias of BERT-base, a small layer, an attention matrix of BERT-base.</summary>
    [Params(3 * 1024, 128 * 1024, 2304 * 1024)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _contents = [.. Enumerable.Range(0, Sha256Lanes.Count).Select(_ => GC.AllocateUninitializedArray<byte>(Bytes, pinned: true))];
        _addresses = Array.ConvertAll(_contents, content => Marshal.UnsafeAddrOfPinnedArrayElement(content, 0));
        foreach (var content in _contents)
        {
            new Random(1).NextBytes(content);
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _hash.Dispose();

    [Benchmark(Baseline = true)]
    public BlockId OneByOne()
    {
        var last = default(BlockId);
        foreach (var content in _contents)
        {
            last = BlockId.Of(content);
        }

        return last;
    }

    [Benchmark]
    public BlockId Lanes()
    {
        for (var lane = 0; lane < Sha256Lanes.Count; lane++)
        {
            _hash.Begin(lane);
        }

        _hash.Append(_addresses, Bytes / Sha256Lanes.BlockBytes);
        return _hash.End(Sha256Lanes.Count - 1);
    }
}
