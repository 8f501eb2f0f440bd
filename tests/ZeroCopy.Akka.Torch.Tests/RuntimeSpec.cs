using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Torch.Tests;

/// <summary>A runtime over a store of the test's own, which must leave nothing mapped behind.</summary>
public abstract class RuntimeSpec : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly LeakCheck _leaks = new();

    protected RuntimeSpec()
    {
        Store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        Runtime = new TorchRuntime(Store);
    }

    protected ObjectStore Store { get; }

    protected TorchRuntime Runtime { get; }

    public virtual void Dispose()
    {
        Runtime.Dispose();
        Store.Dispose();
        _directory.Dispose();
        // TorchSharp leaves some tensors to the collector.
        _leaks.VerifyCollected();
        GC.SuppressFinalize(this);
    }

    /// <summary>A path in the test's own directory, which goes with it.</summary>
    protected string File(string name) => _directory.File(name);
}
