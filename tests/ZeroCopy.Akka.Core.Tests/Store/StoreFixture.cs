using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

/// <summary>A store of one test's own, whose teardown finds what the test left mapped.</summary>
[Collection(nameof(MappedMemory))]
public abstract class StoreFixture : IDisposable
{
    private readonly LeakCheck _leaks = new();
    private readonly TemporaryDirectory _directory = new();

    protected StoreFixture() => Store = Open();

    protected string Root => Path.Combine(_directory.Path, "store");

    protected ObjectStore Store { get; }

    protected List<string> Log { get; } = [];

    public virtual void Dispose()
    {
        Store.Dispose();
        _directory.Dispose();
        GC.SuppressFinalize(this);
        _leaks.Verify();
    }

    protected static ModelContent Content(params ArrayTensorSource[] tensors) =>
        new() { Tensors = tensors, Recipe = new Recipe.Weights("Test", "") };

    /// <summary>A model of one tensor, whose bytes the seed decides.</summary>
    protected static ModelContent Model(int seed, int bytes = 1000) => Content(ArrayTensorSource.Random("weight", bytes, seed));

    protected ObjectStore Open(Func<ObjectStoreOptions, ObjectStoreOptions>? configure = null)
    {
        var options = new ObjectStoreOptions { Directory = Root, CapacityBytes = 64 << 20, Log = Log.Add };
        return ObjectStore.Open(configure is null ? options : configure(options));
    }

    protected string[] Files(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    protected string SegmentPath() => Directory.EnumerateFiles(Path.Combine(Root, "segments")).Single();
}
