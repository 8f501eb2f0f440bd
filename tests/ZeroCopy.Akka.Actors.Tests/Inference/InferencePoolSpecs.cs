using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Inference;

public sealed class InferencePoolSpecs : PoolSpec
{
    [Fact]
    public async Task InferencePool_should_answer_every_call()
    {
        var pool = await PoolAsync((_, argument) => (int)argument! * 2, size: 3);
        var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => pool.CallAsync(i))).WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => (object?)(i * 2)), answers);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(RoutingStrategy.RoundRobin)]
    [InlineData(RoutingStrategy.ConsistentHashing)]
    [InlineData(RoutingStrategy.SmallestMailbox)]
    public async Task InferencePool_should_answer_with_every_router(RoutingStrategy router)
    {
        var pool = await PoolAsync((_, argument) => argument, size: 2, configure: s => s with { Router = router });
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => pool.CallAsync(i))).WaitAsync(Patience);
        Assert.Equal(20, answers.Length);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_have_a_place_for_the_next_call_of_a_caller_that_has_its_answer()
    {
        var early = false;
        Task<object?>? call = null;
        using var called = new ManualResetEventSlim();
        var argument = new Releasing(() =>
        {
            Assert.True(called.Wait(Patience));
            early = SpinWait.SpinUntil(() => call!.IsCompleted, TimeSpan.FromMilliseconds(50));
        });
        var pool = await PoolAsync((_, _) => null, configure: s => s with { QueueCapacity = 1 });
        call = pool.CallAsync(argument, Given);
        called.Set();
        await call.WaitAsync(Patience);
        Assert.False(early);
        Assert.Equal(0, pool.Pending);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_bound_the_threads_of_its_calls()
    {
        var pool = await PoolAsync((_, _) => Source.ThreadBound, configure: s => s with { Threads = 3 });
        Assert.Equal(3, await pool.CallAsync(null).WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_compute_on_a_thread_on_which_nobody_left_anything_open()
    {
        var pool = await PoolAsync((_, _) =>
        {
            var found = Source.LeftOpen.Value ?? "nothing";
            Source.LeftOpen.Value = "a scope";
            // With an answer, the thread would be left as it was by whoever got it.
            throw new InvalidOperationException($"found {found}");
        });
        for (var call = 0; call < Environment.ProcessorCount + 1; call++)
        {
            var error = await Assert.ThrowsAsync<InferenceException>(() => pool.CallAsync(null).WaitAsync(Patience));
            Assert.Contains("found nothing", error.Message, StringComparison.Ordinal);
        }

        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_join_requests_on_a_thread_on_which_nobody_left_anything_open()
    {
        var found = new ConcurrentQueue<string?>();
        var pool = await PoolAsync(
            (_, argument) =>
            {
                Source.LeftOpen.Value = "a scope";
                return argument;
            },
            configure: s => s with { Batching = new() { Adaptive = false, MaxRows = 2, MaxDelay = Patience } },
            codec: new FakeCodec { OnJoin = () => found.Enqueue(Source.LeftOpen.Value) });
        for (var batch = 0; batch < Environment.ProcessorCount + 1; batch++)
        {
            await Task.WhenAll(pool.CallAsync(new FakeTensor(1), Given), pool.CallAsync(new FakeTensor(2), Given)).WaitAsync(Patience);
        }

        Assert.All(found, Assert.Null);
        Assert.NotEmpty(found);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_keep_calls_of_a_hash_key_on_one_instance()
    {
        var pool = await PoolAsync((target, _) => target, size: 4, configure: s => s with { Router = RoutingStrategy.ConsistentHashing });
        var calls = Enumerable.Range(0, 40).Select(_ => pool.CallAsync(null, new CallOptions { HashKey = "session-7" }));
        Assert.Single((await Task.WhenAll(calls).WaitAsync(Patience)).Distinct());
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_name_the_error_of_the_model_and_keep_the_actor()
    {
        var pool = await PoolAsync((_, argument) => argument is "bad" ? throw new FormatException("no digits") : argument);
        var failure = await FailsAsync(InferenceFailure.ModelError, pool.CallAsync("bad"));
        Assert.Contains("no digits", failure.Message, StringComparison.Ordinal);
        Assert.IsType<FormatException>(failure.InnerException);
        Assert.Equal("good", await pool.CallAsync("good").WaitAsync(Patience));
        Assert.Equal(1, Source.Rented);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_refuse_what_its_queue_does_not_hold()
    {
        var pool = await PoolAsync(Blocked, configure: s => s with { QueueCapacity = 2 });
        var first = pool.CallAsync(1);
        var second = pool.CallAsync(2);
        var given = new FakeTensor();
        var failure = await FailsAsync(InferenceFailure.Overloaded, pool.CallAsync(given, Given));
        Assert.Contains("queue-capacity", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, given.Released);
        Gate.Set();
        await Task.WhenAll(first, second).WaitAsync(Patience);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_answer_a_cancelled_call_at_once_when_its_argument_was_given()
    {
        var answer = new FakeTensor();
        var pool = await PoolAsync((target, argument) => Blocked(target, answer));
        var argument = new FakeTensor();
        using var cancellation = new CancellationTokenSource();
        var call = pool.CallAsync(argument, Given, cancellation.Token);
        await Entered.WaitAsync(Patience);
        await cancellation.CancelAsync();
        await IsCancelledAsync(call, cancellation.Token);
        Assert.Equal(0, argument.Released);
        Gate.Set();
        await EventuallyAsync(() => answer.Released == 1 && argument.Released == 1);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_answer_a_cancelled_call_after_the_model_when_its_argument_is_kept()
    {
        var answer = new FakeTensor();
        var pool = await PoolAsync((target, argument) => Blocked(target, answer));
        var argument = new FakeTensor();
        using var cancellation = new CancellationTokenSource();
        var call = pool.CallAsync(argument, cancellationToken: cancellation.Token);
        await Entered.WaitAsync(Patience);
        await cancellation.CancelAsync();
        Assert.False(call.IsCompleted);
        Gate.Set();
        await IsCancelledAsync(call, cancellation.Token);
        Assert.Equal(1, answer.Released);
        Assert.Equal(0, argument.Released);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task InferencePool_should_answer_at_the_callers_limit_while_the_model_reads_what_was_retained(bool cancelled)
    {
        Source = new FakeSource { Retains = true };
        var answer = new FakeTensor();
        object? seen = null;
        var pool = await PoolAsync((target, argument) => Blocked(target, (seen = argument) is null ? null : answer));
        var argument = new FakeTensor();
        using var cancellation = new CancellationTokenSource();
        var call = pool.CallAsync(argument, new CallOptions { Deadline = TimeSpan.FromSeconds(1) }, cancellation.Token);
        await Entered.WaitAsync(Patience);

        if (cancelled)
        {
            await cancellation.CancelAsync();
            await IsCancelledAsync(call, cancellation.Token);
        }
        else
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await FailsAsync(InferenceFailure.DeadlineExceeded, call);
        }

        var own = Assert.Single(Source.Retained);
        Assert.Same(own, seen);
        Assert.Equal((0, 1), (own.Released, pool.Pending));
        Gate.Set();
        await EventuallyAsync(() => answer.Released == 1 && own.Released == 1 && pool.Pending == 0);
        Assert.Equal(0, argument.Released);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_release_what_it_retained_of_each_call()
    {
        Source = new FakeSource { Retains = true };
        var pool = await PoolAsync((_, argument) => ((FakeTensor)argument!).Name == "bad" ? throw new FormatException() : null);
        var argument = new FakeTensor();
        await pool.CallAsync(argument).WaitAsync(Patience);
        await FailsAsync(InferenceFailure.ModelError, pool.CallAsync(new FakeTensor { Name = "bad" }));
        await pool.CallAsync(new FakeTensor(), Given).WaitAsync(Patience);

        await EndAsync(pool);
        Assert.Equal([1, 1], Source.Retained.Select(own => own.Released));
        Assert.Equal(0, argument.Released);
    }

    [Fact]
    public async Task InferencePool_should_drain_in_its_limit_while_a_model_computes()
    {
        Source = new FakeSource { Retains = true };
        var pool = await PoolAsync(Blocked);
        var running = pool.CallAsync(new FakeTensor());
        await Entered.WaitAsync(Patience);
        var drain = pool.DrainAsync(TimeSpan.FromSeconds(3));

        Clock.Advance(TimeSpan.FromSeconds(3));

        await drain.WaitAsync(Patience);
        await FailsAsync(InferenceFailure.ShuttingDown, running);
        Gate.Set();
        await EventuallyAsync(() => Source.Out == 0 && pool.Pending == 0);
    }

    [Fact]
    public async Task InferencePool_should_take_calls_in_place_of_those_that_were_given_up_in_its_queue()
    {
        var pool = await PoolAsync(Blocked, configure: s => s with { QueueCapacity = 3 });
        var running = pool.CallAsync("running");
        await Entered.WaitAsync(Patience);
        for (var round = 0; round < 3; round++)
        {
            using var cancellation = new CancellationTokenSource();
            var late = pool.CallAsync("late", new CallOptions { Deadline = TimeSpan.FromSeconds(1) });
            var cancelled = pool.CallAsync("cancelled", cancellationToken: cancellation.Token);
            Clock.Advance(TimeSpan.FromSeconds(1));
            await cancellation.CancelAsync();
            await FailsAsync(InferenceFailure.DeadlineExceeded, late);
            await IsCancelledAsync(cancelled, cancellation.Token);
            Assert.Equal(1, pool.Pending);
        }

        var next = pool.CallAsync("next");
        Gate.Set();
        Assert.Equal("next", await next.WaitAsync(Patience));
        await running.WaitAsync(Patience);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(5, false)]
    [InlineData(5, true)]
    public async Task InferencePool_should_answer_in_time_what_it_runs_whatever_is_offered(int load, bool batching)
    {
        const int Runs = 200;
        var calls = new ConcurrentQueue<Task>();
        var all = new TaskCompletionSource();
        var runs = 0;
        InferencePool? pool = null;
        pool = await PoolAsync(
            (_, argument) =>
            {
                if (++runs < Runs)
                {
                    // Not as calls of the function, which its own pool refuses.
                    var others = new Thread(Offer);
                    others.UnsafeStart();
                    others.Join();
                }
                else
                {
                    all.TrySetResult();
                }

                // Ten at once, and then a run for each hundredth of a second.
                Clock.Advance(TimeSpan.FromMilliseconds(10));
                return new FakeTensor(((FakeTensor)argument!).Rows);
            },
            codec: new FakeCodec(),
            configure: s => s with { Batching = batching ? new() { Adaptive = false, MaxRows = 2, Verify = false } : null });

        Offer();
        await all.Task.WaitAsync(Patience);
        await pool.CallAsync(new FakeTensor()).WaitAsync(Patience);

        await Task.WhenAll(calls).WaitAsync(Patience).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.InRange(calls.Count(call => call.IsCompletedSuccessfully), 0.9 * Runs * (batching ? 2 : 1), double.MaxValue);
        await EndAsync(pool);

        void Offer()
        {
            for (var i = 0; i < load * (batching ? 2 : 1); i++)
            {
                calls.Enqueue(pool!.CallAsync(new FakeTensor(1), new CallOptions { Deadline = TimeSpan.FromMilliseconds(100) }));
            }
        }
    }

    public static TheoryData<TimeSpan, bool> Deadlines => new()
    {
        { Timeout.InfiniteTimeSpan, true },
        { TimeSpan.MaxValue, true },
        { TimeSpan.FromDays(60), true },
        { TimeSpan.FromMilliseconds(0.1), true },
        { TimeSpan.Zero, false },
        { TimeSpan.FromSeconds(-5), false },
        { TimeSpan.MinValue, false },
    };

    [Theory]
    [MemberData(nameof(Deadlines))]
    public async Task InferencePool_should_take_a_deadline_of_any_length(TimeSpan deadline, bool answered)
    {
        foreach (var batching in new[] { false, true })
        {
            var pool = await PoolAsync(
                (_, argument) => argument, codec: new FakeCodec(),
                configure: s => s with
                {
                    Deadline = answered ? deadline : null,
                    Batching = batching ? new() { Adaptive = false, MaxRows = 1, DeadlineMargin = TimeSpan.Zero } : null,
                });
            var argument = new FakeTensor(1);

            var call = pool.CallAsync(argument, Given with { Deadline = deadline });

            if (answered)
            {
                await call.WaitAsync(Patience);
                await pool.CallAsync(new FakeTensor(1)).WaitAsync(Patience);
            }
            else
            {
                await FailsAsync(InferenceFailure.DeadlineExceeded, call);
            }

            Assert.Equal(0, pool.Pending);
            Assert.InRange(argument.Released, 1, 2);
            await EndAsync(pool);
        }
    }

    [Fact]
    public async Task InferencePool_should_watch_a_deadline_that_no_timer_can_wait_for()
    {
        var pool = await PoolAsync(Blocked);
        var running = pool.CallAsync(1);
        await Entered.WaitAsync(Patience);
        var late = pool.CallAsync(2, new CallOptions { Deadline = TimeSpan.FromDays(100) });

        for (var day = 0; day < 99; day++)
        {
            Clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.False(late.IsCompleted);
        Clock.Advance(TimeSpan.FromDays(1));
        await FailsAsync(InferenceFailure.DeadlineExceeded, late);
        Gate.Set();
        await running.WaitAsync(Patience);
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(60 * 86_400)]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task InferencePool_should_refuse_pauses_that_nothing_can_wait_out(double seconds)
    {
        var pause = TimeSpan.FromSeconds(seconds);
        var error = await Assert.ThrowsAsync<InvalidSettingsException>(() => PoolAsync(
            (_, argument) => argument, codec: new FakeCodec(), configure: s => s with
            {
                Load = new() { MinBackoff = pause, MaxBackoff = pause },
                Batching = new() { MaxDelay = pause, DeadlineMargin = pause == TimeSpan.Zero ? TimeSpan.FromTicks(-1) : pause },
            }));
        Assert.Equal(4, error.Problems.Length);
        Assert.Empty(Zero.Pools);
    }

    [Fact]
    public async Task InferencePool_should_refuse_pauses_that_would_shrink()
    {
        var error = await Assert.ThrowsAsync<InvalidSettingsException>(() => PoolAsync(
            (_, argument) => argument,
            configure: s => s with { Load = new() { MinBackoff = TimeSpan.FromSeconds(2), MaxBackoff = TimeSpan.FromSeconds(1) } }));
        Assert.EndsWith(
            "Load.MaxBackoff is 00:00:01 but must be MinBackoff, 00:00:02, or longer",
            Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InferencePool_should_not_run_a_call_whose_deadline_has_passed_in_the_queue()
    {
        var runs = 0;
        var pool = await PoolAsync((target, argument) =>
        {
            Interlocked.Increment(ref runs);
            return Blocked(target, argument);
        });
        var first = pool.CallAsync(1);
        await Entered.WaitAsync(Patience);
        var late = pool.CallAsync(2, new CallOptions { Deadline = TimeSpan.FromSeconds(1) });
        Clock.Advance(TimeSpan.FromSeconds(1));
        await FailsAsync(InferenceFailure.DeadlineExceeded, late);
        Gate.Set();
        await first.WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task InferencePool_should_say_how_long_a_late_call_waited_for_its_turn()
    {
        var second = TimeSpan.FromSeconds(1);
        var pool = await PoolAsync(Blocked);
        var running = pool.CallAsync(1, Given with { Deadline = 3 * second });
        await Entered.WaitAsync(Patience);
        Clock.Advance(second);
        var waiting = pool.CallAsync(2, Given with { Deadline = second });
        Clock.Advance(second);
        Clock.Advance(second);

        Assert.Equal(second, (await Assert.ThrowsAsync<InferenceException>(() => waiting.WaitAsync(Patience))).Waited);
        Assert.Equal(TimeSpan.Zero, (await Assert.ThrowsAsync<InferenceException>(() => running.WaitAsync(Patience))).Waited);
        Gate.Set();
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_refuse_a_call_whose_deadline_has_passed_already()
    {
        var pool = await PoolAsync((_, argument) => argument);
        await FailsAsync(InferenceFailure.DeadlineExceeded, pool.CallAsync(1, new CallOptions { Deadline = TimeSpan.Zero }));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_keep_serving_after_its_actors_were_killed()
    {
        var pool = await PoolAsync((_, argument) => argument, size: 2);
        await pool.WhenReadyAsync().WaitAsync(Patience);
        pool.Router.Tell(new Broadcast(Kill.Instance));
        await EventuallyAsync(() => Source.Rented == 4);
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => pool.CallAsync(i))).WaitAsync(Patience);
        Assert.Equal(10, answers.Length);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_serve_calls_made_before_its_model_was_loaded()
    {
        var loading = new TaskCompletionSource();
        Source = new FakeSource { Warm = false, OnLoad = _ => loading.Task };
        var pool = await PoolAsync((_, argument) => argument);
        var call = pool.CallAsync("early");
        Assert.False(pool.IsReady);
        loading.SetResult();
        Assert.Equal("early", await call.WaitAsync(Patience));
        Assert.True(pool.IsReady);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_load_again_after_a_failed_load()
    {
        Source = new FakeSource
        {
            Warm = false,
            OnLoad = n => n < 3 ? Task.FromException(new ModelNotFoundException("not yet")) : Task.CompletedTask,
        };
        var pool = await PoolAsync(
            (_, argument) => argument, configure: s => s with { Load = s.Load with { MinBackoff = TimeSpan.FromMilliseconds(1) } });
        Assert.Equal("late", await pool.CallAsync("late").WaitAsync(Patience));
        Assert.Equal(3, Source.Loads);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_fail_calls_typed_when_its_model_cannot_be_loaded()
    {
        Source = new FakeSource
        {
            Warm = false,
            OnLoad = _ => Task.FromException(new ModelNotFoundException("bert@9 is not in the store")),
        };
        var pool = await PoolAsync((_, argument) => argument, configure: s => s with { Load = s.Load with { Attempts = 1 } });
        var failure = await FailsAsync(InferenceFailure.LoadFailed, pool.CallAsync(1));
        Assert.Contains("bert@9", failure.Message, StringComparison.Ordinal);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_not_wait_for_further_attempts_where_its_model_is_none()
    {
        Source = new FakeSource { Warm = false, OnLoad = _ => Task.FromException(new InvalidModelException("no such operator")) };
        var never = TimeSpan.FromHours(1);
        var pool = await PoolAsync(
            (_, argument) => argument,
            configure: s => s with { Size = 1, Load = s.Load with { Attempts = 5, MinBackoff = never, MaxBackoff = never } });

        var failure = await FailsAsync(InferenceFailure.LoadFailed, pool.CallAsync(1));

        Assert.Contains("no such operator", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, Source.Loads);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_give_back_an_instance_that_comes_after_its_end()
    {
        var loading = new TaskCompletionSource();
        Source = new FakeSource { Warm = false, OnLoad = _ => loading.Task };
        var pool = await PoolAsync((_, argument) => argument);
        await EventuallyAsync(() => Source.Loads == 1);
        await pool.DrainAsync().WaitAsync(Patience);
        loading.SetResult();
        await EventuallyAsync(() => Source is { Rented: 1, Out: 0 });
    }

    [Fact]
    public async Task InferencePool_should_finish_its_calls_when_it_is_drained()
    {
        var pool = await PoolAsync(Blocked);
        var calls = Enumerable.Range(0, 5).Select(i => pool.CallAsync(i)).ToArray();
        await Entered.WaitAsync(Patience);
        var drain = pool.DrainAsync();
        await FailsAsync(InferenceFailure.ShuttingDown, pool.CallAsync(6));
        Gate.Set();
        await Task.WhenAll(calls).WaitAsync(Patience);
        await drain.WaitAsync(Patience);
        Assert.Equal(0, Source.Out);
    }

    [Fact]
    public async Task InferencePool_should_fail_what_does_not_end_in_time_when_it_is_drained()
    {
        var pool = await PoolAsync(Blocked);
        var running = pool.CallAsync(new FakeTensor(), Given);
        await Entered.WaitAsync(Patience);
        var argument = new FakeTensor();
        var queued = pool.CallAsync(argument, Given);
        var drain = pool.DrainAsync(TimeSpan.FromSeconds(3));
        Clock.Advance(TimeSpan.FromSeconds(3));
        await drain.WaitAsync(Patience);
        await FailsAsync(InferenceFailure.ShuttingDown, running);
        await FailsAsync(InferenceFailure.ShuttingDown, queued);
        Gate.Set();
        await EventuallyAsync(() => Source.Out == 0 && pool.Pending == 0 && argument.Released == 1);
    }

    [Fact]
    public async Task InferencePool_should_free_its_name_when_it_is_drained()
    {
        var first = await PoolAsync((_, _) => "first");
        await EndAsync(first);
        Assert.Throws<KeyNotFoundException>(() => Zero.Pool("spec"));
        var second = await PoolAsync((_, _) => "second");
        Assert.Equal("second", await Zero.Pool("spec").CallAsync(null).WaitAsync(Patience));
        await EndAsync(second);
    }

    [Fact]
    public async Task InferencePool_should_refuse_settings_of_code_that_no_pool_can_run_with()
    {
        var error = await Assert.ThrowsAsync<InvalidSettingsException>(() => PoolAsync(
            (_, argument) => argument,
            size: 0,
            configure: s => s with { QueueCapacity = -1, Resizer = new ResizerSettings { MinSize = 4, MaxSize = 2 } }));
        Assert.Equal(3, error.Problems.Length);
        Assert.Contains("pool 'spec': Size is 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InferencePool_should_say_why_it_cannot_be_made_and_leave_the_others_alone()
    {
        var good = await PoolAsync((_, argument) => argument);
        await Assert.ThrowsAsync<InvalidActorNameException>(() => PoolAsync((_, argument) => argument, name: "no actor's name"));
        await Assert.ThrowsAsync<ArgumentException>(() => PoolAsync((_, argument) => argument));
        Assert.Equal(1, await good.CallAsync(1).WaitAsync(Patience));
        Assert.Same(good, Assert.Single(Zero.Pools));
        await EndAsync(good);
    }

    [Fact]
    public async Task InferencePool_should_be_made_again_at_once_when_its_namesake_was_drained()
    {
        for (var round = 0; round < 20; round++)
        {
            var pool = await PoolAsync((_, argument) => argument, size: 2).WaitAsync(Patience);
            Assert.Equal(round, await pool.CallAsync(round).WaitAsync(Patience));
            await pool.DrainAsync().WaitAsync(Patience);
        }

        Assert.Empty(Zero.Pools);
    }

    [Fact]
    public async Task InferencePool_should_drain_in_the_coordinated_shutdown()
    {
        var pool = await PoolAsync((_, argument) => argument, size: 2);
        await pool.CallAsync(1).WaitAsync(Patience);
        await CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(Patience);
        Assert.Equal(0, Source.Out);
        await FailsAsync(InferenceFailure.ShuttingDown, pool.CallAsync(2));
    }

    private sealed class Releasing(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
