using BenchmarkDotNet.Attributes;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Benchmarks.Store;

/// <summary>Finding a model in a store of some hundred, and leasing it.</summary>
[MemoryDiagnoser]
public class ObjectStoreBenchmarks
{
    private const int Models = 200;
    private readonly ModelName _name = ModelName.Parse("model-100");
    private readonly LeakCheck _leaks = new();
    private TemporaryDirectory _directory = null!;
    private ObjectStore _store = null!;
    private ModelLease _held = null!;
    private ModelId _mapped;
    private ModelId _unmapped;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _directory = new TemporaryDirectory();
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.Path });
        for (var i = 0; i < Models; i++)
        {
            await _store.PutAsync(SharedModel.Content(2 * i, 64 * 1024), new PutOptions { Name = ModelName.Parse($"model-{i}") });
        }

        _mapped = _store.Resolve(_name).Id;
        _unmapped = _store.Resolve(ModelName.Parse("model-101")).Id;
        _held = _store.Acquire(_mapped, "a benchmark");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _held.Dispose();
        _store.Dispose();
        _directory.Dispose();
        _leaks.Verify();
    }

    [Benchmark]
    public ModelHandle ResolveName() => _store.Resolve(_name);

    [Benchmark]
    public ModelHandle ResolveId() => _store.Resolve(_mapped);

    /// <summary>A model that this process has mapped already.</summary>
    [Benchmark]
    public void AcquireMapped() => _store.Acquire(_mapped, "a benchmark").Dispose();

    /// <summary>A model that nobody in this process uses: opened, mapped, and unmapped again.</summary>
    [Benchmark]
    public void AcquireUnmapped() => _store.Acquire(_unmapped, "a benchmark").Dispose();
}
