using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Content;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Files;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Endpoints;

/// <summary>A node that serves the fake models of a store of the test's own.</summary>
public abstract class ServedModelsSpec(string hocon = "") : ZeroCopySpec($$"""
    zerocopy.inference.pool-defaults { size = 1, load { attempts = 1 } }
    {{hocon}}
    """)
{
    private readonly TemporaryDirectory _directory = new();
    private ServedModels? _served;
    private ObjectStore? _store;

    protected ObjectStore Store => _store ??= ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });

    private protected FakeOpener Opener { get; } = new();

    protected IEndpointDirectory Node
    {
        get
        {
            _served ??= Zero.Serve(Store, Opener);
            return Zero.Endpoints;
        }
    }

    /// <summary>Puts a model, whose name gets the next version.</summary>
    protected async Task<ModelHandle> PutAsync(string name, int seed) => await Store.PutAsync(
        new ModelContent { Tensors = [ArrayTensorSource.Random("weight", 16, seed)], Recipe = new Recipe.Weights("fake", "") },
        new PutOptions { Name = ModelName.Parse(name) });

    /// <summary>Holds the store's lock in the middle of a change, as another process that was stopped there does.</summary>
    protected IDisposable Hold() => new HeldStore(_directory.File("store"));

    /// <summary>Lets the node look at its store.</summary>
    protected void Look() => Clock.Advance(TimeSpan.FromSeconds(1));

    protected async Task<IModelEndpoint> FindAsync(string name, int? version = null)
    {
        var found = await Node.FindAsync(name, version);
        Assert.NotNull(found);
        return found;
    }

    /// <summary>The version of the model that answers.</summary>
    protected static async Task<int> CallAsync(IModelEndpoint endpoint, string method = "", CallOptions? options = null)
    {
        using var answer = await endpoint.CallAsync(method, [], options).WaitAsync(Patience);
        return Assert.Single(FakeBinder.Rows(answer.Outputs));
    }

    protected Task ServedByAsync(IModelEndpoint endpoint, int version) => EventuallyAsync(() => endpoint.Version == version);

    protected override void AfterAll()
    {
        if (_served is not null)
        {
            Assert.True(Zero.EndAsync(_served).Wait(Patience));
            Assert.True(SpinWait.SpinUntil(() => Opener.Open == 0, Patience));
        }

        base.AfterAll();
        _store?.Dispose();
        _directory.Dispose();
    }

    private sealed class HeldStore : IDisposable
    {
        private readonly Generation _generation;
        private readonly StoreChange _change;

        public HeldStore(string path)
        {
            var directory = StoreDirectory.Prepare(path);
            _generation = new Generation(directory.GenerationFile);
            _change = new StoreLock(directory, _generation).Enter();
            _change.Touch(StoreArea.Names);
        }

        public void Dispose()
        {
            _change.Dispose();
            _generation.Dispose();
        }
    }
}
