using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Content;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

public sealed class LocalModelsSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;

    public LocalModelsSpecs() => _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task LocalModels_should_take_nothing_for_what_cannot_be_built_that_goes_while_it_is_listed()
    {
        foreach (var name in new[] { "removed", "unbuilt", "withdrawn" })
        {
            await _store.PutAsync(
                new ModelContent { Tensors = [ArrayTensorSource.Random(name, 16, 1)], Recipe = new Recipe.Weights("Test", "") },
                new PutOptions { Name = ModelName.Parse(name) });
        }

        var withdrawals = new Withdrawals();
        var endpoints = new Listing(() =>
        {
            _store.Remove(ModelName.Parse("removed"));
            withdrawals.Hide(ModelName.Parse("withdrawn"));
        });

        var listed = await new LocalModels(Address.Parse("akka.tcp://zerocopy@a:1"), endpoints, _store, withdrawals)
            .ListAsync(CancellationToken.None);

        var unbuilt = Assert.Single(Assert.Single(listed).Value.Versions);
        Assert.Equal((false, HeldVersion.NoModelType), (unbuilt.CanBuild, unbuilt.ModelType));
        Assert.Equal("unbuilt", listed.Keys.Single());
    }

    /// <summary>Has no endpoint, and something done while it is asked.</summary>
    private sealed class Listing(Action asked) : IEndpointDirectory
    {
        public event Action? Changed
        {
            add { }
            remove { }
        }

        public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
            default;

        public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default)
        {
            asked();
            return new([]);
        }
    }
}
