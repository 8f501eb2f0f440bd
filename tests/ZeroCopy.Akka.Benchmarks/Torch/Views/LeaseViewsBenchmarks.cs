using BenchmarkDotNet.Attributes;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch.Views;

/// <summary>Making a tensor over a block and freeing it; its bytes are not touched.</summary>
[MemoryDiagnoser]
public class LeaseViewsBenchmarks
{
    private readonly LeakCheck _leaks = new();
    private TemporaryDirectory _directory = null!;
    private ObjectStore _store = null!;
    private ModelLease _lease = null!;
    private LeaseViews _views = null!;
    private TensorEntry _contiguous = null!;
    private TensorEntry _strided = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _directory = new TemporaryDirectory();
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.Path });
        var bytes = new byte[64 * 128 * sizeof(float)];
        var handle = await _store.PutAsync(new ModelContent
        {
            Tensors =
            [
                new ArrayTensorSource("contiguous", new TensorLayout(DType.Float32, [64, 128]), bytes),
                new ArrayTensorSource("strided", new TensorLayout(DType.Float32, [128, 64], [1, 128]), bytes),
            ],
            Recipe = new Recipe.Weights("views", ""),
        });
        _lease = _store.Acquire(handle.Id, "a benchmark");
        _views = new LeaseViews(_lease);
        _contiguous = _lease.Manifest.Tensors[0];
        _strided = _lease.Manifest.Tensors[1];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _lease.Dispose();
        _store.Dispose();
        _directory.Dispose();
        _leaks.Verify();
    }

    [Benchmark(Baseline = true)]
    public void Contiguous() => _views.View(_contiguous).Dispose();

    [Benchmark]
    public void Strided() => _views.View(_strided).Dispose();

    /// <summary>The yardstick: a tensor of libtorch's own memory.</summary>
    [Benchmark]
    public void Empty()
    {
        using var tensor = empty(_contiguous.Layout.Shape.AsSpan());
    }
}
