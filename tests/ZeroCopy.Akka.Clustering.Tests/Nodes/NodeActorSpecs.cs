using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

public sealed class NodeActorSpecs : TestKit
{
    private const int Many = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;
    private readonly SlowDirectory _endpoints = new();

    public NodeActorSpecs()
        : base("akka { loglevel = OFF, actor.provider = cluster, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }") =>
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });

    [Fact]
    public async Task Node_should_list_its_models_a_few_times_for_many_that_wait_for_it()
    {
        var node = Sys.ActorOf(NodeActor.Props(Context()));
        node.Tell(new NodeActor.ModelsStarted(TestActor));
        for (var rollOut = 0; rollOut < Many; rollOut++)
        {
            // Passed on behind word of what the node has.
            node.Tell(new EntityRequest.RollOut($"model-{rollOut}", 1, 100, rollOut), TestActor);
        }

        await node.Ask<ActorIdentity>(new Identify(null), Patience);

        _endpoints.Answer.SetResult();

        for (var rollOut = 0; rollOut < Many; rollOut++)
        {
            await ExpectMsgAsync<EntityRequest.RollOut>(Patience);
        }

        Assert.InRange(_endpoints.Listings, 2, Many / 3);
    }

    [Fact]
    public async Task Node_should_keep_once_what_is_asked_again_before_it_is_a_member()
    {
        var node = Sys.ActorOf(NodeActor.Props(Context()));
        var place = new EntityRequest.Place("model", null, [], 1);
        foreach (EntityRequest request in (EntityRequest[])
            [Follow("model"), Follow("model"), Follow("other"), place, place with { Tried = [] }, new EntityRequest.Unfollow("other")])
        {
            node.Tell(request, TestActor);
        }

        node.Tell(new NodeActor.ModelsStarted(TestActor));
        node.Tell(Follow("last"), TestActor);

        Assert.Equal("model", (await ExpectMsgAsync<EntityRequest.Follow>(Patience)).Name);
        await ExpectMsgAsync<EntityRequest.Place>(Patience);
        Assert.Equal("last", (await ExpectMsgAsync<EntityRequest.Follow>(Patience)).Name);

        static EntityRequest.Follow Follow(string name) => new(name);
    }

    [Fact]
    public async Task Node_should_refuse_what_is_too_much_to_keep_until_it_is_a_member()
    {
        var node = Sys.ActorOf(NodeActor.Props(Context()));
        for (var id = 0; id < NodeActor.MostEarly; id++)
        {
            node.Tell(new EntityRequest.Place("model", null, [], id), TestActor);
        }

        node.Tell(new EntityRequest.Place("model", null, [], 0), TestActor);
        node.Tell(new EntityRequest.Follow("model"), TestActor);
        node.Tell(new EntityRequest.Place("model", null, [], NodeActor.MostEarly), TestActor);

        var failed = await ExpectMsgAsync<EntityReply.Failed>(Patience);
        Assert.Equal((NodeActor.MostEarly, InferenceFailure.Unreachable), (failed.Id, failed.Failure));
    }

    [Fact]
    public async Task Node_should_refuse_a_roll_out_before_it_is_a_member()
    {
        var node = Sys.ActorOf(NodeActor.Props(Context()));

        node.Tell(new EntityRequest.RollOut("model", 1, 100, 7), TestActor);
        node.Tell(new EntityRequest.RollBack("model", 8), TestActor);

        foreach (var id in new[] { 7, 8 })
        {
            var failed = await ExpectMsgAsync<EntityReply.Failed>(Patience);
            Assert.Equal((id, InferenceFailure.Unreachable), (failed.Id, failed.Failure));
        }

        var region = CreateTestProbe();
        node.Tell(new NodeActor.ModelsStarted(region.Ref));
        node.Tell(new EntityRequest.Follow("model"), TestActor);
        await region.ExpectMsgAsync<EntityRequest.Follow>(Patience);
    }

    [Fact]
    public async Task Node_should_go_on_where_it_was_when_it_is_restarted()
    {
        var node = Sys.ActorOf(NodeActor.Props(Context()));
        node.Tell(new NodeActor.ModelsStarted(TestActor));

        // Any exception restarts it.
        node.Tell(new Akka.Cluster.ClusterEvent.UnreachableMember(null!));
        node.Tell(new EntityRequest.Follow("model"), TestActor);

        await ExpectMsgAsync<EntityRequest.Follow>(Patience);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _store.Dispose();
        _directory.Dispose();
    }

    private NodeContext Context()
    {
        var address = Akka.Cluster.Cluster.Get(Sys).SelfAddress;
        var info = new NodeInfo(address, _store.Id, new Uri("http://127.0.0.1:1"), null, null, []);
        return new NodeContext
        {
            Address = address,
            IsServing = true,
            Store = _store,
            Endpoints = _endpoints,
            Models = new LocalModels(address, _endpoints, _store, new Withdrawals()),
            Table = new NodeTable(),
            Rollouts = new RolloutFiles(_store.Options.Directory, Sys.Log),
            Doubt = _ => { },
            Report = () => new NodeReport(info, new NodeLoad(0, 0, false)),

            // Nothing is ordered or asked here.
            Orders = null!,
            Survey = null!,
        };
    }

    /// <summary>Has nothing, and says so when it may.</summary>
    private sealed class SlowDirectory : IEndpointDirectory
    {
        private int _listings;

        public event Action? Changed
        {
            add { }
            remove { }
        }

        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Listings => Volatile.Read(ref _listings);

        public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
            default;

        public async ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _listings);
            await Answer.Task.WaitAsync(cancellationToken);
            return [];
        }
    }
}
