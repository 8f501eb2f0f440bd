using BenchmarkDotNet.Attributes;
using ZeroCopy.Torch.Batching;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch.Batching;

/// <summary>32 requests of one row of 128 floats: described, joined, and the answer taken apart.</summary>
[MemoryDiagnoser]
public class TorchBatchCodecBenchmarks
{
    private const int Requests = 32;
    private readonly TorchBatchCodec _codec = new();
    private readonly int[] _rows = [.. Enumerable.Repeat(1, Requests)];
    private object[] _requests = null!;
    private Tensor _answer = null!;

    [GlobalSetup]
    public void Setup()
    {
        _requests = [.. Enumerable.Range(0, Requests).Select(_ => randn(1, 128))];
        _answer = randn(Requests, 10);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _codec.Release(_requests);
        _answer.Dispose();
    }

    [Benchmark]
    public int Describe()
    {
        _codec.TryDescribe(_requests[0], out var rows, out _);
        return rows;
    }

    [Benchmark]
    public void Join() => _codec.Release(_codec.Join(_requests));

    /// <summary>The answer given away is a second name of one that stays.</summary>
    [Benchmark]
    public void Split()
    {
        foreach (var part in _codec.Split(_answer.alias(), _rows))
        {
            _codec.Release(part);
        }
    }
}
