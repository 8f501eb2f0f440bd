using Akka.Actor;
using BenchmarkDotNet.Attributes;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Tensors;

namespace ZeroCopy.Benchmarks.Actors.Wire;

/// <summary>A request of one tensor to bytes and back, over its size.</summary>
[MemoryDiagnoser]
public class WireSerializerBenchmarks
{
    private const string Manifest = "p";
    private ActorSystem _system = null!;
    private WireSerializer _serializer = null!;
    private PredictRequest _request = null!;
    private byte[] _bytes = null!;

    /// <summary>Elements of the tensor, four bytes each.</summary>
    [Params(128, 32 * 1024)]
    public int Elements { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _system = ActorSystem.Create("benchmarks");
        _serializer = new WireSerializer((ExtendedActorSystem)_system);
        var rows = HostTensor.From<float>(DType.Float32, Enumerable.Range(0, Elements).Select(i => (float)i).ToArray(), 1, Elements);
        _request = new PredictRequest("classifier", "", [new NamedTensor("input", rows)], TimeSpan.FromSeconds(1), "", 1);
        _bytes = _serializer.ToBinary(_request);
    }

    [GlobalCleanup]
    public Task CleanupAsync() => _system.Terminate();

    [Benchmark]
    public byte[] Write() => _serializer.ToBinary(_request);

    [Benchmark]
    public object Read() => _serializer.FromBinary(_bytes, Manifest);
}
