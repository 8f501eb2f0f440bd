using Akka.Actor;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Tests.Fakes;
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

    [Fact]
    public async Task ZeroCopySystem_should_end_a_call_whose_function_goes_on_when_its_actor_has_stopped_and_others_have_not()
    {
        Source = new FakeSource { Schedules = true };
        var gate = new TaskCompletionSource();
        var pool = await Zero.CreatePoolAsync(
            "async",
            Source,
            async (target, argument) =>
            {
                if (argument is FakeTensor)
                {
                    Entered.Release();
                    await gate.Task;
                    return null;
                }

                return Blocked(target, argument);
            },
            configure: settings => settings with { Size = 2 });
        foreach (var path in new[] { "lost-calls", "pools/async/$a", "pools/async/$b" })
        {
            Watch(await Sys.ActorSelection("/user/zerocopy/" + path).ResolveOne(Patience));
        }

        var awaiting = pool.CallAsync(new FakeTensor(1));
        await Entered.WaitAsync(Patience);
        var blocking = pool.CallAsync(1);
        await Entered.WaitAsync(Patience);
        var ended = Sys.Terminate();
        // But for the actor that computes.
        await ExpectMsgAsync<Terminated>(Patience);
        await ExpectMsgAsync<Terminated>(Patience);
        gate.SetResult();
        Gate.Set();

        await EndsTypedAsync(blocking);
        await FailsAsync(InferenceFailure.ShuttingDown, awaiting);
        await ended.WaitAsync(Patience);
        await EventuallyAsync(() => Source.Out == 0 && pool.Pending == 0);
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
