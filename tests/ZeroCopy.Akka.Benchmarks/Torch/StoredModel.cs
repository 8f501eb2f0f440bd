using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch;

/// <summary>A subject in a store of its own, which goes with it; an error tells of what a benchmark left mapped.</summary>
internal sealed class StoredModel : IDisposable
{
    private readonly LeakCheck _leaks = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;

    private StoredModel()
    {
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.Path });
        Runtime = new TorchRuntime(_store);
    }

    public TorchRuntime Runtime { get; }

    public ModelHandle Handle { get; private set; } = null!;

    public static async Task<StoredModel> PutAsync(Subject subject)
    {
        var stored = new StoredModel();
        var module = subject.Create();
        stored.Handle = await stored.Runtime.PutAsync(module);
        ModuleDisposal.Release(module);
        return stored;
    }

    public TorchModel<nn.Module> Open() => Runtime.Open<nn.Module>(Handle);

    public ModelLease Acquire() => _store.Acquire(Handle.Id, "a benchmark");

    public void Dispose()
    {
        Runtime.Dispose();
        _store.Dispose();
        _directory.Dispose();
        _leaks.Verify();
    }
}
