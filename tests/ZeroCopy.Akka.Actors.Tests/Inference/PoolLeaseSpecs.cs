using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Stores;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>What a pool holds of the store, as the store tells it, from its start to its end.</summary>
public sealed class PoolLeaseSpecs : PoolSpec
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Pool_should_hold_a_lease_for_each_actor_that_has_its_model()
    {
        using var model = await ModelAsync();
        var pool = await PoolAsync((_, argument) => argument, size: 3);
        await EventuallyAsync(() => pool.ReadyActors == 3);

        Assert.Equal(3, Held("pool spec"));
        Assert.Equal(4, Zero.OpenStore().GetStatistics().Leases);

        await EndAsync(pool);
        Assert.Equal(0, Held("pool spec"));
    }

    [Fact]
    public async Task Pool_should_hold_a_lease_before_its_first_answer()
    {
        using var model = await ModelAsync();
        var pool = await PoolAsync((_, _) => Held("pool spec"));

        Assert.Equal(1, await pool.CallAsync(0).WaitAsync(Patience));

        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_have_its_leases_follow_its_size()
    {
        using var model = await ModelAsync();
        var pool = await PoolAsync((_, argument) => argument, size: 1);

        pool.Router.Tell(new AdjustPoolSize(2));
        await EventuallyAsync(() => pool.ReadyActors == 3);
        Assert.Equal(3, Held("pool spec"));

        pool.Router.Tell(new AdjustPoolSize(-2));
        await EventuallyAsync(() => Held("pool spec") == 1);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_hold_one_lease_for_an_actor_that_crashed_and_was_restarted()
    {
        using var model = await ModelAsync(value => Assert.NotEqual("crash", (value as FakeTensor)?.Name));
        var pool = await PoolAsync((_, argument) => argument is FakeTensor ? 0 : argument);
        await pool.CallAsync(new FakeTensor { Name = "crash" }, Given).WaitAsync(Patience);
        Assert.Equal(1, await pool.CallAsync(1).WaitAsync(Patience));

        Assert.Equal(2, Source.Rented);
        Assert.Equal(1, Held("pool spec"));

        await EndAsync(pool);
        Assert.Equal(0, Held("pool spec"));
    }

    [Fact]
    public async Task Pool_should_hold_nothing_when_its_actors_were_stopped_by_somebody()
    {
        using var model = await ModelAsync();
        var pool = await PoolAsync((_, argument) => argument, size: 2);
        await EventuallyAsync(() => pool.ReadyActors == 2);

        Sys.Stop(pool.Router);

        await EventuallyAsync(() => Held("pool spec") == 0);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_hold_nothing_while_its_model_cannot_be_loaded()
    {
        using var model = await ModelAsync();
        Source = new FakeSource
        {
            Warm = false,
            OnLoad = _ => throw new StoreUnavailableException("no room"),
            OnLease = name => model.Share(name),
        };
        var pool = await PoolAsync((_, argument) => argument);
        await EventuallyAsync(() => pool.LastLoadError is not null);

        Assert.Equal(0, Held("pool spec"));
        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_give_an_instance_back_that_it_gets_no_lease_for_and_try_again()
    {
        using var model = await ModelAsync();
        var tries = 0;
        Source = new FakeSource
        {
            OnLease = name => Interlocked.Increment(ref tries) == 1
                ? throw new ObjectDisposedException("closed meanwhile")
                : model.Share(name),
        };
        var pool = await PoolAsync((_, argument) => argument);
        await EventuallyAsync(() => pool.LastLoadError is ObjectDisposedException);
        Assert.Equal(0, Source.Out);

        await EventuallyAsync(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            return pool.IsReady;
        });

        Assert.Equal(1, Held("pool spec"));
        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_hold_its_leases_on_while_the_stores_actor_restarts()
    {
        using var model = await ModelAsync();
        var pool = await PoolAsync((_, argument) => argument, size: 2);
        await EventuallyAsync(() => pool.ReadyActors == 2);

        // No actor to watch: the mailbox throws.
        Zero.ObjectStore.Tell(new ActorLeases.NewHolder(null!));
        var counted = Assert.IsType<StoreReply.Counted>(await Zero.ObjectStore.Ask<StoreReply>(StoreRequest.Stat.Instance, Patience));

        Assert.Equal(2, Assert.Single(counted.Statistics.Holders, holder => holder.Holder == "pool spec").Leases);
        await EndAsync(pool);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    /// <summary>Puts a model into the system's store, has the source lease it, and leases it for the spec itself.</summary>
    private async Task<ModelLease> ModelAsync(Action<object?>? onRelease = null)
    {
        var store = Zero.OpenStore(new ObjectStoreOptions { Directory = _directory.File("store"), TimeProvider = Clock });
        var model = await store.PutAndAcquireAsync(SharedModel.Content(1, 4096), "the spec");
        Source = new FakeSource { OnLease = name => model.Share(name), OnRelease = onRelease ?? (_ => { }) };
        return model;
    }

    private int Held(string holder) => Zero.OpenStore().ListLeases().Where(lease => lease.Holder == holder).Sum(lease => lease.Leases);
}
