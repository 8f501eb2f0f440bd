using BenchmarkDotNet.Attributes;
using ZeroCopy.Blocks;

namespace ZeroCopy.Benchmarks.Blocks;

/// <summary>Hashing a tensor's bytes on one thread, over their number.</summary>
[MemoryDiagnoser]
public class BlockIdBenchmarks
{
    private byte[] _content = null!;

    /// <summary>Bytes of the block: a bias of BERT-base, a small layer, a feed-forward matrix of BERT-base, a large table.</summary>
    [Params(3 * 1024, 128 * 1024, 9 * 1024 * 1024, 64 * 1024 * 1024)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _content = new byte[Bytes];
        new Random(1).NextBytes(_content);
    }

    [Benchmark]
    public BlockId Hash() => BlockId.Of(_content);
}
