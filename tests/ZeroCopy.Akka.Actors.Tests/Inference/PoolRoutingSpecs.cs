using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>Pools whose routers are chosen by HOCON alone.</summary>
public sealed class PoolRoutingSpecs() : PoolSpec("""
    # Calls that wait for the gate hold a thread each.
    zerocopy.inference.dispatcher.fork-join-executor.parallelism-min = 8
    zerocopy.inference.pools {
      elastic {
        size = 1
        resizer {
          enabled = on, min-size = 1, max-size = 3, messages-per-resize = 1
          pressure-threshold = 2, rampup-rate = 1, backoff-threshold = 0.1, backoff-rate = 0.5
        }
      }
      busy { size = 2, router = smallest-mailbox }
      sessions { size = 4, router = consistent-hashing }
      turns { size = 3, router = round-robin }
    }
    """)
{
    [Fact]
    public async Task Pool_should_grow_and_shrink_between_its_bounds_by_load()
    {
        var pool = await PoolAsync("elastic");
        Assert.Equal(1, await RouteesAsync(pool));
        // An actor with one call in work and two behind it is under pressure, and stays so until the gate opens.
        List<Task> calls = [pool.CallAsync("first")];
        await Entered.WaitAsync(Patience);
        List<int> sizes = [];
        for (var i = 0; i < 30; i++)
        {
            calls.Add(pool.CallAsync(i));
            sizes.Add(await RouteesAsync(pool));
        }

        Assert.Equal(3, sizes.Max());
        Assert.Equal(3, sizes[^1]);
        Assert.Contains(2, sizes);
        await EventuallyAsync(() => pool.ReadyActors == 3);
        Gate.Set();
        await Task.WhenAll(calls).WaitAsync(Patience);
        sizes.Clear();
        for (var i = 0; i < 3; i++)
        {
            await pool.CallAsync("one at a time").WaitAsync(Patience);
            sizes.Add(await RouteesAsync(pool));
        }

        Assert.Equal(sizes.OrderDescending(), sizes);
        Assert.Equal(1, sizes[^1]);
        await EventuallyAsync(() => pool.ReadyActors == 1 && Source.Out == 1);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_not_queue_a_call_behind_a_busy_actor_when_its_router_is_smallest_mailbox()
    {
        var pool = await PoolAsync("busy");
        var blocked = pool.CallAsync("block");
        await Entered.WaitAsync(Patience);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(i, await pool.CallAsync(i).WaitAsync(Patience));
        }

        Gate.Set();
        await blocked.WaitAsync(Patience);
        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_keep_each_session_on_one_instance_when_its_router_is_consistent_hashing()
    {
        var pool = await Zero.CreatePoolAsync("sessions", Source, (target, _) => target);
        Assert.Equal(RoutingStrategy.ConsistentHashing, pool.Settings.Router);
        var instances = new HashSet<object?>();
        for (var session = 0; session < 32; session++)
        {
            var options = new CallOptions { HashKey = $"session-{session}" };
            instances.Add(
                Assert.Single((await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => pool.CallAsync(null, options)))).Distinct()));
        }

        Assert.True(instances.Count > 1, "All sessions went to one actor.");
        await EndAsync(pool);
    }

    [Fact]
    public async Task Pool_should_take_turns_when_its_router_is_round_robin()
    {
        var pool = await Zero.CreatePoolAsync("turns", Source, (target, _) => target);
        await EventuallyAsync(() => pool.ReadyActors == 3);
        var instances = new List<object?>();
        for (var i = 0; i < 6; i++)
        {
            instances.Add(await pool.CallAsync(null).WaitAsync(Patience));
        }

        Assert.Equal(3, instances.Take(3).Distinct().Count());
        Assert.Equal(instances.Take(3), instances.Skip(3));
        await EndAsync(pool);
    }

    // The router has resized for every call before it answers: a call that is due for it leaves a message in the router's own mailbox.
    private static async Task<int> RouteesAsync(InferencePool pool) =>
        (await pool.Router.Ask<Routees>(GetRoutees.Instance, Patience)).Members.Count();

    private Task<InferencePool> PoolAsync(string name) =>
        Zero.CreatePoolAsync(name, Source, (target, argument) => argument is int && name == "busy" ? argument : Blocked(target, argument));
}
