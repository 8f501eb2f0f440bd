using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>What callers see when actors crash, stop, or cannot load.</summary>
public sealed class InferencePoolFaultSpecs() : PoolSpec("akka.loglevel = WARNING")
{
    [Fact]
    public async Task InferencePool_should_restart_an_actor_that_crashes_in_a_call_and_serve_the_others()
    {
        Source = new FakeSource { OnRelease = value => CrashOn(value, "crash") };
        var pool = await PoolAsync((_, argument) => Blocked(0, argument), size: 2);
        var crash = pool.CallAsync(new FakeTensor { Name = "crash" }, Given);
        var others = Enumerable.Range(0, 6).Select(i => pool.CallAsync(i)).ToArray();
        Gate.Set();
        // The model had answered before the actor crashed: the call is answered, and the crash costs nobody a call.
        await crash.WaitAsync(Patience);
        Assert.Equal([0, 1, 2, 3, 4, 5], (await Task.WhenAll(others).WaitAsync(Patience)).Cast<int>());
        await EventuallyAsync(() => Source.Rented == 3 && pool.ReadyActors == 2);
        Assert.Equal(2, Source.Out);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_fail_the_calls_of_a_batch_typed_when_the_actor_crashes_in_it()
    {
        var crashed = 0;
        var codec = new FakeCodec { OnRelease = _ => Assert.NotEqual(1, Interlocked.Increment(ref crashed)) };
        var pool = await PoolAsync(
            (_, argument) => new FakeTensor(((FakeTensor)argument!).Rows), codec: codec,
            configure: s => s with { Batching = new BatchingSettings { Adaptive = false, MaxRows = 2 } });
        var batch = new[] { pool.CallAsync(new FakeTensor(1)), pool.CallAsync(new FakeTensor(2)) };
        await FailsAsync(InferenceFailure.ActorCrashed, batch[0]);
        await FailsAsync(InferenceFailure.ActorCrashed, batch[1]);
        var next = await Task.WhenAll(pool.CallAsync(new FakeTensor(3)), pool.CallAsync(new FakeTensor(4))).WaitAsync(Patience);
        Assert.Equal([3, 4], next.SelectMany(answer => ((FakeTensor)answer!).Rows));
        Assert.Equal(2, Source.Rented);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_serve_the_calls_behind_a_crash_on_the_restarted_actor()
    {
        Source = new FakeSource { OnRelease = value => CrashOn(value, "crash") };
        var pool = await PoolAsync(Blocked);
        var crash = pool.CallAsync(new FakeTensor { Name = "crash" }, Given);
        await Entered.WaitAsync(Patience);
        var behind = Enumerable.Range(0, 5).Select(i => pool.CallAsync(i)).ToArray();
        Gate.Set();
        await Task.WhenAll([crash, .. behind]).WaitAsync(Patience);
        Assert.Equal(2, Source.Rented);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_load_again_when_an_actor_is_killed_while_it_loads()
    {
        var loading = new TaskCompletionSource();
        Source = new FakeSource { Warm = false, OnLoad = n => n == 1 ? loading.Task : Task.CompletedTask };
        var pool = await PoolAsync((_, argument) => argument);
        var call = pool.CallAsync("early");
        await EventuallyAsync(() => Source.Loads == 1);
        pool.Router.Tell(new Broadcast(Kill.Instance));
        Assert.Equal("early", await call.WaitAsync(Patience));
        Assert.Equal(2, Source.Loads);
        // The load of the first actor ends after all: its instance has nobody to go to.
        loading.SetResult();
        await EventuallyAsync(() => Source is { Rented: 2, Out: 1 });
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(RoutingStrategy.SmallestMailbox)]
    [InlineData(RoutingStrategy.RoundRobin)]
    public async Task InferencePool_should_serve_on_the_actors_that_have_their_model_while_another_loads(RoutingStrategy router)
    {
        var loading = new TaskCompletionSource();
        Source = new FakeSource { Warm = false, OnLoad = n => n == 1 ? loading.Task : Task.CompletedTask };
        var pool = await PoolAsync((_, argument) => argument, size: 2, configure: s => s with { Router = router });
        await pool.WhenReadyAsync().WaitAsync(Patience);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(i, await pool.CallAsync(i).WaitAsync(Patience));
        }

        Assert.Equal(1, pool.ReadyActors);
        loading.SetResult();
        await EventuallyAsync(() => pool.ReadyActors == 2);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_serve_on_the_actors_that_have_their_model_when_another_cannot_load()
    {
        Source = new FakeSource
        {
            Warm = false,
            OnLoad = n => n == 1 ? Task.CompletedTask : Task.FromException(new StoreUnavailableException("the second finds no memory")),
        };
        var pool = await PoolAsync((_, argument) => argument, size: 2, configure: s => s with { Load = s.Load with { Attempts = 1 } });
        await EventuallyAsync(() => pool.ReadyActors == 1 && pool.LastLoadError is not null);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => pool.CallAsync(i))).WaitAsync(Patience);
        Assert.Equal(20, answers.Length);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(RoutingStrategy.SmallestMailbox, 1, 1)]
    // It sends every other one behind the running one.
    [InlineData(RoutingStrategy.RoundRobin, 20, 10)]
    public async Task InferencePool_should_leave_no_call_behind_a_running_one_that_came_to_an_actor_without_a_model(
        RoutingStrategy router, int count, int others)
    {
        var loading = new TaskCompletionSource();
        Source = new FakeSource { Warm = false, OnLoad = n => n == 1 ? Task.CompletedTask : loading.Task };
        var pool = await PoolAsync(
            (target, argument) => argument is 0 ? Blocked(target, argument) : argument, 2, settings => settings with { Router = router });
        var running = pool.CallAsync(0);
        await Entered.WaitAsync(Patience);
        var calls = Enumerable.Range(1, count).Select(number => pool.CallAsync(number)).ToArray();

        loading.SetResult();

        await EventuallyAsync(() => calls.Count(call => call.IsCompletedSuccessfully) == others);
        Gate.Set();
        Assert.Equal(Enumerable.Range(1, count).Cast<object?>(), await Task.WhenAll(calls).WaitAsync(Patience));
        Assert.Equal(0, await running.WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_hand_the_calls_that_wait_for_a_model_on_when_their_actor_stops()
    {
        var loading = new TaskCompletionSource();
        Source = new FakeSource { Warm = false, OnLoad = n => n == 1 ? loading.Task : Task.CompletedTask };
        var pool = await PoolAsync((_, argument) => argument, configure: s => s with { Router = RoutingStrategy.RoundRobin });
        var waiting = pool.CallAsync("early");
        await EventuallyAsync(() => Source.Loads == 1);
        var routee = Assert.Single((await pool.Router.Ask<Routees>(GetRoutees.Instance, Patience)).Members);
        pool.Router.Tell(new AdjustPoolSize(1));
        await pool.WhenReadyAsync().WaitAsync(Patience);
        ((ActorRefRoutee)routee).Actor.Tell(PoisonPill.Instance);
        Assert.Equal("early", await waiting.WaitAsync(Patience));
        loading.SetResult();
        await EventuallyAsync(() => Source.Out == 1);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(RoutingStrategy.SmallestMailbox, false)]
    [InlineData(RoutingStrategy.SmallestMailbox, true)]
    [InlineData(RoutingStrategy.RoundRobin, false)]
    [InlineData(RoutingStrategy.RoundRobin, true)]
    [InlineData(RoutingStrategy.ConsistentHashing, false)]
    [InlineData(RoutingStrategy.ConsistentHashing, true)]
    public async Task InferencePool_should_end_typed_and_free_its_name_when_all_its_actors_are_stopped(RoutingStrategy router, bool resizes)
    {
        PoolSettings Configure(PoolSettings settings) =>
            settings with { Router = router, Resizer = resizes ? new ResizerSettings { MaxSize = 2 } : null };
        var pool = await PoolAsync(Blocked, size: 2, configure: Configure);
        var argument = new FakeTensor();
        Task<object?>[] calls = [.. Enumerable.Range(0, 10).Select(i => pool.CallAsync(i)), pool.CallAsync(argument, Given)];
        await Entered.WaitAsync(Patience);

        pool.Router.Tell(new Broadcast(PoisonPill.Instance));
        Gate.Set();

        foreach (var call in calls)
        {
            await EndsTypedAsync(call);
        }

        await EventuallyAsync(() => !Zero.Pools.Contains(pool));
        await FailsAsync(InferenceFailure.ShuttingDown, pool.CallAsync(1));
        await EventuallyAsync(() => argument.Released == 1);
        await EndAsync(pool);
        var next = await PoolAsync((_, value) => value, configure: Configure);
        Assert.Equal("next", await next.CallAsync("next").WaitAsync(Patience));
        await EndAsync(next);
    }

    [Fact]
    public async Task InferencePool_should_end_typed_when_its_router_is_stopped()
    {
        var pool = await PoolAsync(
            (_, argument) => argument,
            codec: new FakeCodec(),
            configure: s => s with { Batching = new BatchingSettings { Adaptive = false, MaxRows = 100 } });
        var argument = new FakeTensor(1);
        var waiting = pool.CallAsync(argument, Given);

        Sys.Stop(pool.Router);

        await FailsAsync(InferenceFailure.ShuttingDown, waiting);
        await EventuallyAsync(() => argument.Released == 1 && pool.Pending == 0);
        await FailsAsync(InferenceFailure.ShuttingDown, pool.CallAsync(1));
        Assert.False(pool.IsReady);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_end_the_wait_for_its_first_actor_when_it_ends_before()
    {
        Source = new FakeSource { Warm = false, OnLoad = _ => Task.FromException(new StoreUnavailableException("no memory")) };
        var pool = await PoolAsync((_, argument) => argument);
        var ready = pool.WhenReadyAsync();

        await EndAsync(pool);

        await FailsAsync(InferenceFailure.ShuttingDown, ready);
    }

    [Theory]
    [InlineData(RoutingStrategy.RoundRobin)]
    [InlineData(RoutingStrategy.SmallestMailbox)]
    public async Task InferencePool_should_renew_an_instance_that_fails_where_others_do_not(RoutingStrategy router)
    {
        var pool = await PoolAsync(FailsOnFirst, size: 2, configure: s => s with { Router = router, RenewAfterFailures = 3 });
        await EventuallyAsync(() => pool.ReadyActors == 2);
        await EventFilter.Warning(contains: "throws its instance of").ExpectOneAsync(
            async () =>
            {
                for (var round = 0; round < 200 && Source.Discarded.IsEmpty; round++)
                {
                    await AnsweredAsync(pool, calls: 40);
                }
            });

        Assert.Equal([1], Source.Discarded);
        await EventuallyAsync(() => pool.ReadyActors == 2);
        Assert.Equal(3, Source.Rented);
        Assert.Equal(20, await AnsweredAsync(pool, calls: 20));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_have_calls_behind_a_renewed_instance_that_cannot_be_loaded_answered_by_others()
    {
        Source = new FakeSource
        {
            Warm = false,
            OnLoad = n => n <= 2 ? Task.CompletedTask : Task.FromException(new StoreUnavailableException("no memory for another one")),
        };
        var failure = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var pool = await Zero.CreatePoolAsync(
            "spec",
            Source,
            (_, argument) => argument switch
            {
                "fails" => throw new FormatException("the model"),
                "fails later" => failure.Task,
                _ => Task.FromResult(argument),
            },
            configure: s => s with
            {
                Size = 2,
                Router = RoutingStrategy.RoundRobin,
                RenewAfterFailures = 1,
                Load = s.Load with { Attempts = 1 },
            });
        await EventuallyAsync(() => pool.ReadyActors == 2);
        // In turn: the first actor fails, the other one answers, and the first fails again while calls wait behind.
        await FailsAsync(InferenceFailure.ModelError, pool.CallAsync("fails"));
        await pool.CallAsync("other").WaitAsync(Patience);
        var failing = pool.CallAsync("fails later");
        var calls = Enumerable.Range(0, 4).Select(number => pool.CallAsync(number)).ToArray();
        await EventuallyAsync(() => calls.Count(call => call.IsCompletedSuccessfully) == 2);

        failure.SetException(new FormatException("the model"));

        await FailsAsync(InferenceFailure.ModelError, failing);
        Assert.Equal(Enumerable.Range(0, 4).Cast<object?>(), await Task.WhenAll(calls).WaitAsync(Patience));
        Assert.Equal(1, pool.ReadyActors);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(0, false)]
    public async Task InferencePool_should_keep_its_instances_where_all_fail_or_nobody_asks_for_others(int limit, bool all)
    {
        var pool = await PoolAsync(
            (target, argument) => all ? throw new FormatException("the input") : FailsOnFirst(target, argument), size: 2,
            configure: s => s with { Router = RoutingStrategy.RoundRobin, RenewAfterFailures = limit });
        await EventuallyAsync(() => pool.ReadyActors == 2);
        Assert.Equal(all ? 0 : 20, await AnsweredAsync(pool, calls: 40));
        Assert.Empty(Source.Discarded);
        Assert.Equal(2, Source.Rented);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_not_prefer_an_actor_that_fails()
    {
        var pool = await PoolAsync(FailsOnFirst, size: 2, configure: s => s with { RenewAfterFailures = 0 });
        await EventuallyAsync(() => pool.ReadyActors == 2);
        var answered = 0;
        for (var call = 0; call < 40; call++)
        {
            answered += await AnsweredAsync(pool, calls: 1);
        }

        Assert.InRange(answered, 39, 40);
        await EndAsync(pool);
    }

    private static object? FailsOnFirst(object target, object? argument) => target is 1 ? throw new FormatException("broken") : argument;

    private static async Task<int> AnsweredAsync(InferencePool pool, int calls)
    {
        var all = Enumerable.Range(0, calls).Select(i => pool.CallAsync(i)).ToArray();
        await Task.WhenAll(all).WaitAsync(Patience).ContinueWith(_ => { }, TaskScheduler.Default);
        return all.Count(call => call.IsCompletedSuccessfully);
    }

    private static void CrashOn(object? value, string name)
    {
        if (value is FakeTensor tensor && tensor.Name == name)
        {
            throw new InvalidOperationException("the native allocator is broken");
        }
    }
}
