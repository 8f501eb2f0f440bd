using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Stores;

public sealed class SystemStoreSpecs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();

    private ObjectStoreOptions Options => new() { Directory = _directory.File("store") };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task SystemStore_should_be_one_when_many_ask_for_it_at_once()
    {
        var shared = new SystemStore(null, Options);

        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => shared.Open())));

        Assert.Single(stores.Distinct());
        Assert.Same(stores[0], shared.Open(Options));
        shared.Close();
    }

    [Fact]
    public void SystemStore_should_take_options_from_the_first_and_refuse_others()
    {
        var shared = new SystemStore(null, Options);
        var given = Options with { Directory = _directory.File("given") };

        Assert.Equal(given, shared.Open(given).Options);
        Assert.Same(shared.Open(), shared.Open(given));
        var error = Assert.Throws<InvalidOperationException>(() => shared.Open(Options));

        Assert.Contains(given.Directory, error.Message, StringComparison.Ordinal);
        Assert.Contains(Options.Directory, error.Message, StringComparison.Ordinal);
        shared.Close();
    }

    [Fact]
    public void SystemStore_should_open_again_when_the_first_time_failed()
    {
        File.WriteAllText(Options.Directory, "in the way");
        var shared = new SystemStore(null, Options);
        Assert.Throws<StoreUnavailableException>(() => shared.Open());

        File.Delete(Options.Directory);

        Assert.Empty(shared.Open().List());
        shared.Close();
    }

    [Fact]
    public void SystemStore_should_close_its_own_store_and_open_none_after_that()
    {
        var shared = new SystemStore(null, Options);
        var store = shared.Open();

        shared.Close();

        Assert.Throws<ObjectDisposedException>(() => store.List());
        Assert.Throws<StoreUnavailableException>(() => shared.Open());
        var never = new SystemStore(null, Options);
        never.Close();
        Assert.Throws<StoreUnavailableException>(() => never.Open());
    }

    [Fact]
    public void SystemStore_should_leave_a_given_store_to_its_owner()
    {
        using var store = ObjectStore.Open(Options);
        var shared = new SystemStore(store, new ObjectStoreOptions());
        Assert.Same(store, shared.Open());

        shared.Close();

        Assert.Empty(store.List());
    }

    [Fact]
    public async Task ZeroCopySystem_should_share_one_store_with_its_actor_and_close_it_when_all_actors_have_stopped()
    {
        var config = ConfigurationFactory.ParseString("akka.loglevel = OFF")
            .WithFallback($"zerocopy.object-store {{ directory = \"{_directory.File("store")}\", capacity = 64m }}");
        var system = ActorSystem.Create("one-store", config);
        var zero = ZeroCopySystem.For(system);
        var counted = Assert.IsType<StoreReply.Counted>(await zero.ObjectStore.Ask<StoreReply>(StoreRequest.Stat.Instance, Patience));
        var store = zero.OpenStore();
        Assert.Equal((64L << 20, _directory.File("store")), (store.Options.CapacityBytes, store.Options.Directory));
        Assert.Equal(0, counted.Statistics.Models);
        var used = new TaskCompletionSource<Exception?>();
        system.ActorOf(Props.Create(() => new UserUntilTheEnd(store, used)));

        await system.Terminate().WaitAsync(Patience);

        Assert.Null(await used.Task);
        Assert.Throws<ObjectDisposedException>(() => store.List());
        Assert.Throws<StoreUnavailableException>(() => zero.OpenStore());
    }

    [Fact]
    public async Task ZeroCopySystem_should_leave_the_store_of_its_setup_open()
    {
        using var store = ObjectStore.Open(Options);
        var system = ActorSystem.Create("given-store", ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig("akka.loglevel = OFF"), new ZeroCopySetup { Store = store }));
        Assert.Same(store, ZeroCopySystem.For(system).OpenStore());

        await system.Terminate().WaitAsync(Patience);

        Assert.Empty(store.List());
    }

    /// <summary>Needs the store until its very end.</summary>
    private sealed class UserUntilTheEnd(ObjectStore store, TaskCompletionSource<Exception?> used) : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);

        protected override void PostStop() => used.SetResult(Record.Exception(() => store.List()));
    }
}
