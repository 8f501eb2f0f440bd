using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Stores;

/// <summary>An actor of another actor system that holds a model of this one's store, over real remoting.</summary>
public sealed class RemoteLeaseSpecs() : ZeroCopySpec(Remoting)
{
    private const string Remoting = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        }
        """;

    private readonly TemporaryDirectory _directory = new();
    private readonly ActorSystem _clients = ActorSystem.Create(
        "client", ConfigurationFactory.ParseString(Remoting).WithFallback(ZeroCopySettings.Reference));

    [Fact]
    public async Task ObjectStoreActor_should_lease_to_an_actor_of_another_system_until_that_stops()
    {
        var store = Zero.OpenStore(new ObjectStoreOptions { Directory = _directory.File("store"), TimeProvider = Clock });
        var model = await store.PutAsync(SharedModel.Content(1, 4096), new PutOptions { Name = new ModelName("bert") });
        var answer = new TaskCompletionSource<object>();
        var node = _clients.ActorSelection($"{((ExtendedActorSystem)Sys).Provider.DefaultAddress}/user/zerocopy/object-store");

        var holder = _clients.ActorOf(Props.Create(() => new Holder(node, answer)), "holder");

        var leased = Assert.IsType<StoreReply.Leased>(await answer.Task.WaitAsync(Patience));
        Assert.Equal((model.Id, new ModelName("bert", 1)), (leased.Model.Id, leased.Model.Name));
        Assert.Null(leased.Lease);
        var lease = Assert.Single(store.ListLeases());
        Assert.StartsWith("akka.tcp://client@", lease.Holder, StringComparison.Ordinal);
        Assert.EndsWith("/user/holder", lease.Holder, StringComparison.Ordinal);

        _clients.Stop(holder);

        await EventuallyAsync(() => store.ListLeases().Count == 0);
    }

    protected override void AfterAll()
    {
        _clients.Terminate().Wait(Patience);
        base.AfterAll();
        _directory.Dispose();
    }

    /// <summary>Asks a node for a handle that it holds itself.</summary>
    private sealed class Holder(ActorSelection store, TaskCompletionSource<object> answer) : UntypedActor
    {
        protected override void PreStart() => store.Tell(new StoreRequest.AcquireNamed(new ModelName("bert"), Self));

        protected override void OnReceive(object message) => answer.TrySetResult(message);
    }
}
