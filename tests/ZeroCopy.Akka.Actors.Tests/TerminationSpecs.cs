using Akka.Actor;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Tests.Inference;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests;

/// <summary>What callers see when actors end that no coordinated shutdown drains before.</summary>
public sealed class TerminationSpecs() : PoolSpec("akka.coordinated-shutdown.run-by-actor-system-terminate = off")
{
    [Theory]
    [InlineData("/user/zerocopy")]
    [InlineData("/user/zerocopy/pools")]
    [InlineData("/user/zerocopy/tasks")]
    [InlineData("/user/zerocopy/lost-calls")]
    public async Task ZeroCopySystem_should_end_every_call_typed_when_an_actor_is_stopped_that_they_depend_on(string path)
    {
        var (pool, calls) = await StartAsync();
        var actor = await Sys.ActorSelection(path).ResolveOne(Patience);

        actor.Tell(PoisonPill.Instance);

        await EndsAsync(pool, calls);
    }

    [Fact]
    public async Task ZeroCopySystem_should_end_every_call_typed_when_the_actor_system_ends_without_a_coordinated_shutdown()
    {
        var (pool, calls) = await StartAsync();

        var ended = Sys.Terminate();

        await EndsAsync(pool, calls);
        await ended.WaitAsync(Patience);
        // Where nothing of it runs any more.
        await FailsAsync(InferenceFailure.ShuttingDown, pool.CallAsync(1));
        await FailsAsync(InferenceFailure.ShuttingDown, Zero.Tasks.RunAsync(Source, Blocked, 1));
        await FailsAsync(InferenceFailure.ShuttingDown, PoolAsync(Blocked, name: "other"));
    }

    /// <summary>A pool with calls that run and wait, a pool that never is ready, tasks that run and wait.</summary>
    private async Task<(InferencePool Pool, Task[] Calls)> StartAsync()
    {
        var pool = await PoolAsync(Blocked);
        Task[] calls =
        [
            .. Enumerable.Range(0, 5).Select(i => pool.CallAsync(i)),
            .. Enumerable.Range(0, Environment.ProcessorCount + 3).Select(i => Zero.Tasks.RunAsync(Source, Blocked, i)),
        ];
        await Entered.WaitAsync(Patience);
        await Entered.WaitAsync(Patience);
        return (pool, calls);
    }

    private async Task EndsAsync(InferencePool pool, Task[] calls)
    {
        Gate.Set();
        foreach (var call in calls)
        {
            await EndsTypedAsync(call);
        }

        await EventuallyAsync(() => Source.Out == 0 && pool.Pending == 0 && Zero.Tasks.Pending == 0 && Zero.Pools.Count == 0);
        await EventuallyAsync(() => Zero.Tasks.RunAsync(Source, Blocked, 1).IsFaulted);
        await FailsAsync(InferenceFailure.ShuttingDown, pool.CallAsync(1));
        await FailsAsync(InferenceFailure.ShuttingDown, PoolAsync(Blocked, name: "next"));
        await pool.DrainAsync().WaitAsync(Patience);
    }
}
