using System.Collections.Concurrent;
using Akka.Actor;
using ZeroCopy.Actors.Tasks;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Clocks;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Tasks;

public sealed class TaskRunnerSpecs() : ZeroCopySpec("zerocopy.tasks { max-concurrency = 1, queue-capacity = 3 }")
{
    private readonly ManualResetEventSlim _gate = new();
    private readonly SemaphoreSlim _entered = new(0);
    private readonly FakeSource _source = new();

    [Fact]
    public async Task TaskRunner_should_answer_with_what_the_function_gives()
    {
        Assert.Equal(42, await Zero.Tasks.RunAsync(_source, (_, argument) => (int)argument! * 2, 21).WaitAsync(Patience));
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_leave_the_number_of_threads_to_the_tensor_library()
    {
        Assert.Null(await Zero.Tasks.RunAsync(_source, (_, _) => _source.ThreadBound, null).WaitAsync(Patience));
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_compute_on_a_thread_on_which_nobody_left_anything_open()
    {
        // More than threads to compute on: some thread is used again.
        for (var task = 0; task < 100; task++)
        {
            Assert.Null(await Zero.Tasks.RunAsync(
                _source, (_, _) => (_source.LeftOpen.Value, _source.LeftOpen.Value = "a scope").Item1, null).WaitAsync(Patience));
        }

        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_load_an_instance_when_none_is_warm()
    {
        var cold = new FakeSource { Warm = false };
        Assert.Equal("x", await Zero.Tasks.RunAsync(cold, (_, argument) => argument, "x").WaitAsync(Patience));
        await EventuallyAsync(() => cold is { Loads: 1, Out: 0 } && Zero.Tasks.Pending == 0);
    }

    [Fact]
    public async Task TaskRunner_should_give_the_instance_back_before_it_answers()
    {
        for (var i = 0; i < 20; i++)
        {
            await Zero.Tasks.RunAsync(_source, (_, argument) => argument, i).WaitAsync(Patience);
            Assert.Equal(0, _source.Out);
        }
    }

    [Fact]
    public async Task TaskRunner_should_name_a_failed_load()
    {
        var broken = new FakeSource { Warm = false, OnLoad = _ => Task.FromException(new ModelNotFoundException("bert@9 is gone")) };
        var failure = await FailsAsync(InferenceFailure.LoadFailed, Zero.Tasks.RunAsync(broken, (_, argument) => argument, 1));
        Assert.Contains("bert@9", failure.Message, StringComparison.Ordinal);
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_try_again_when_the_policy_says_so()
    {
        var attempts = 0;
        var firstFailed = new TaskCompletionSource();
        var call = Zero.Tasks.RunAsync(
            _source,
            (_, _) => Interlocked.Increment(ref attempts) == 1 ? throw new FormatException("flaky") : "second",
            null,
            new TaskOptions
            {
                Retry = new RetryPolicy
                {
                    Attempts = 2,
                    Backoff = TimeSpan.FromSeconds(1),
                    Retries = _ =>
                    {
                        firstFailed.TrySetResult();
                        return true;
                    },
                },
            });
        await firstFailed.Task.WaitAsync(Patience);
        await EventuallyAsync(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            return call.IsCompleted;
        });
        Assert.Equal("second", await call);
        Assert.Equal(2, attempts);
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_give_the_place_of_a_task_that_pauses_to_another()
    {
        var attempts = 0;
        var options = new TaskOptions { Retry = new RetryPolicy { Attempts = 2, Backoff = TimeSpan.FromSeconds(1) } };
        var pausing = Zero.Tasks.RunAsync(
            _source, (_, _) => Interlocked.Increment(ref attempts) == 1 ? throw new FormatException("flaky") : "second", null, options);

        Assert.Equal("other", await Zero.Tasks.RunAsync(_source, (_, argument) => argument, "other").WaitAsync(Patience));

        // A task is answered before it is retired.
        await EventuallyAsync(() => Zero.Tasks.Pending == 1);
        Assert.False(pausing.IsCompleted);
        await EventuallyAsync(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            return pausing.IsCompleted;
        });
        Assert.Equal("second", await pausing);
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_fail_a_task_whose_deadline_passes_while_it_pauses()
    {
        var argument = new FakeTensor();
        var attempts = 0;
        var options = new TaskOptions
        {
            Ownership = ArgumentOwnership.Give,
            Deadline = TimeSpan.FromSeconds(1),
            Retry = new RetryPolicy { Attempts = 2, Backoff = TimeSpan.FromSeconds(5) },
        };
        var call = Zero.Tasks.RunAsync(
            _source, (_, _) => Interlocked.Increment(ref attempts) == 0 ? null : throw new FormatException("flaky"), argument, options);
        // Behind it in line: the first attempt has failed when this one is answered.
        await Zero.Tasks.RunAsync(_source, (_, _) => null, null).WaitAsync(Patience);

        Clock.Advance(TimeSpan.FromSeconds(1));

        await FailsAsync(InferenceFailure.DeadlineExceeded, call);
        await EventuallyAsync(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(5));
            return argument.Released == 1;
        });
        await EndAsync();
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task TaskRunner_should_refuse_a_task_whose_deadline_has_passed_already()
    {
        var ran = false;

        await FailsAsync(
            InferenceFailure.DeadlineExceeded,
            Zero.Tasks.RunAsync(_source, (_, _) => ran = true, null, new TaskOptions { Deadline = TimeSpan.Zero }));

        await EndAsync();
        Assert.False(ran);
    }

    [Fact]
    public async Task TaskRunner_should_not_run_a_task_whose_deadline_passed_while_it_waited()
    {
        var first = Zero.Tasks.RunAsync(_source, Blocked, 1);
        await _entered.WaitAsync(Patience);
        var ran = false;
        var second = Zero.Tasks.RunAsync(_source, (_, _) => ran = true, null, new TaskOptions { Deadline = TimeSpan.FromSeconds(1) });

        Clock.Advance(TimeSpan.FromSeconds(1));

        var failure = await FailsAsync(InferenceFailure.DeadlineExceeded, second);
        Assert.Contains("zerocopy.tasks.deadline", failure.Message, StringComparison.Ordinal);
        _gate.Set();
        await first.WaitAsync(Patience);
        await EndAsync();
        Assert.False(ran);
    }

    [Theory]
    [InlineData(ArgumentOwnership.Give)]
    [InlineData(ArgumentOwnership.Keep)]
    public async Task TaskRunner_should_answer_a_late_task_at_once_only_when_its_argument_was_given(ArgumentOwnership ownership)
    {
        var argument = new FakeTensor();
        var call = Zero.Tasks.RunAsync(
            _source, Blocked, argument, new TaskOptions { Ownership = ownership, Deadline = TimeSpan.FromSeconds(1) });
        await _entered.WaitAsync(Patience);

        Clock.Advance(TimeSpan.FromSeconds(1));

        if (ownership == ArgumentOwnership.Give)
        {
            await FailsAsync(InferenceFailure.DeadlineExceeded, call);
        }
        else
        {
            Assert.False(call.IsCompleted);
        }

        Assert.Equal(0, argument.Released);
        _gate.Set();
        await FailsAsync(InferenceFailure.DeadlineExceeded, call);
        await EndAsync();
        // The answer was the argument itself, which nobody takes: it is released as an answer, and as an argument where it was given.
        Assert.Equal(ownership == ArgumentOwnership.Give ? 2 : 1, argument.Released);
    }

    [Fact]
    public async Task TaskRunner_should_answer_a_late_task_at_once_whose_argument_was_retained()
    {
        var source = new FakeSource { Retains = true };
        var argument = new FakeTensor();
        var call = Zero.Tasks.RunAsync(source, Blocked, argument, new TaskOptions { Deadline = TimeSpan.FromSeconds(1) });
        await _entered.WaitAsync(Patience);

        Clock.Advance(TimeSpan.FromSeconds(1));

        await FailsAsync(InferenceFailure.DeadlineExceeded, call);
        Assert.Equal(1, Zero.Tasks.Pending);
        _gate.Set();
        await EventuallyAsync(() => Zero.Tasks.Pending == 0 && source.Out == 0);
        // The answer is what was retained.
        Assert.Equal((0, 2), (argument.Released, Assert.Single(source.Retained).Released));
    }

    [Fact]
    public async Task TaskRunner_should_retain_the_argument_for_each_attempt()
    {
        var source = new FakeSource { Retains = true };
        var options = new TaskOptions { Retry = new RetryPolicy { Attempts = 3, Backoff = TimeSpan.Zero } };
        var call = Zero.Tasks.RunAsync(
            source, (_, _) => source.Retained.Count < 3 ? throw new FormatException() : "third", new FakeTensor(), options);

        await EventuallyAsync(() =>
        {
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            return call.IsCompleted;
        });

        Assert.Equal("third", await call);
        Assert.Equal([1, 1, 1], source.Retained.Select(own => own.Released));
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_take_tasks_in_place_of_those_that_were_given_up_in_its_queue()
    {
        var running = Zero.Tasks.RunAsync(_source, Blocked, 1);
        await _entered.WaitAsync(Patience);
        for (var i = 0; i < 5; i++)
        {
            var late = Zero.Tasks.RunAsync(_source, (_, _) => null, null, new TaskOptions { Deadline = TimeSpan.FromSeconds(1) });
            Clock.Advance(TimeSpan.FromSeconds(1));
            await FailsAsync(InferenceFailure.DeadlineExceeded, late);
            Assert.Equal(1, Zero.Tasks.Pending);
        }

        _gate.Set();
        await running.WaitAsync(Patience);
        await EndAsync();
    }

    [Fact]
    public void RetryPolicy_should_refuse_what_cannot_be_waited_out()
    {
        foreach (var pause in new[] { TimeSpan.FromTicks(-1), Timeout.InfiniteTimeSpan, TimeSpan.FromDays(60), TimeSpan.MaxValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy { Backoff = pause });
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy { Attempts = 0 });
        Assert.Equal(Durations.LongestPause, new RetryPolicy { Backoff = TimeSpan.FromDays(40) }.PauseAfter(30));
    }

    [Theory]
    [MemberData(nameof(Inference.InferencePoolSpecs.Deadlines), MemberType = typeof(Inference.InferencePoolSpecs))]
    public async Task TaskRunner_should_take_a_deadline_of_any_length(TimeSpan deadline, bool answered)
    {
        var argument = new FakeTensor();
        var call = Zero.Tasks.RunAsync(
            _source, (_, _) => "answer", argument, new TaskOptions { Deadline = deadline, Ownership = ArgumentOwnership.Give });

        if (answered)
        {
            Assert.Equal("answer", await call.WaitAsync(Patience));
        }
        else
        {
            await FailsAsync(InferenceFailure.DeadlineExceeded, call);
        }

        await EndAsync();
        Assert.Equal(1, argument.Released);
    }

    [Fact]
    public async Task TaskRunner_should_run_each_call_in_an_actor_of_its_own_that_stops()
    {
        var supervisor = (ActorRefWithCell)await Sys.ActorSelection("/user/zerocopy/tasks").ResolveOne(Patience);
        var actors = new List<string>();

        for (var i = 0; i < 3; i++)
        {
            actors.Add((string)(await Zero.Tasks.RunAsync(_source, (_, _) => Children().Single(), null).WaitAsync(Patience))!);
            await EventuallyAsync(() => !Children().Any());
        }

        Assert.Equal(3, actors.Distinct().Count());

        IEnumerable<string> Children() => supervisor.Children.Select(child => child.Path.Name);
    }

    [Fact]
    public async Task TaskRunner_should_fail_the_call_typed_when_its_actor_is_killed_while_it_loads()
    {
        var loading = new TaskCompletionSource();
        var cold = new FakeSource { Warm = false, OnLoad = _ => loading.Task };
        var call = Zero.Tasks.RunAsync(cold, (_, argument) => argument, "x");
        await EventuallyAsync(() => cold.Loads == 1);

        Sys.ActorSelection("/user/zerocopy/tasks/*").Tell(Kill.Instance);

        await FailsAsync(InferenceFailure.ActorCrashed, call);
        loading.SetResult();
        await EventuallyAsync(() => cold is { Rented: 1, Out: 0 } && Zero.Tasks.Pending == 0);
        Assert.Equal(2, await Zero.Tasks.RunAsync(_source, (_, argument) => argument, 2).WaitAsync(Patience));
    }

    [Fact]
    public async Task TaskRunner_should_fail_with_the_last_error_when_all_attempts_failed()
    {
        var failure = await FailsAsync(
            InferenceFailure.ModelError, Zero.Tasks.RunAsync(_source, (_, _) => throw new FormatException("bad"), null));
        Assert.Contains("bad", failure.Message, StringComparison.Ordinal);
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_refuse_what_its_queue_does_not_hold()
    {
        var calls = Enumerable.Range(0, 3).Select(i => Zero.Tasks.RunAsync(_source, Blocked, i)).ToArray();
        await FailsAsync(InferenceFailure.Overloaded, Zero.Tasks.RunAsync(_source, Blocked, 3));
        _gate.Set();
        await Task.WhenAll(calls).WaitAsync(Patience);
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_start_waiting_tasks_by_priority()
    {
        var order = new ConcurrentQueue<object?>();
        var first = Zero.Tasks.RunAsync(_source, Blocked, "first");
        await _entered.WaitAsync(Patience);
        var low = Zero.Tasks.RunAsync(_source, Note, "low");
        var high = Zero.Tasks.RunAsync(_source, Note, "high", new TaskOptions { Priority = 1 });
        _gate.Set();
        await Task.WhenAll(first, low, high).WaitAsync(Patience);
        Assert.Equal(["high", "low"], order);
        await EndAsync();

        object? Note(object target, object? argument)
        {
            order.Enqueue(argument);
            return argument;
        }
    }

    [Fact]
    public async Task TaskRunner_should_not_run_a_task_that_was_cancelled_while_it_waited()
    {
        var first = Zero.Tasks.RunAsync(_source, Blocked, 1);
        await _entered.WaitAsync(Patience);
        using var cancellation = new CancellationTokenSource();
        var argument = new FakeTensor();
        var ran = false;
        var second = Zero.Tasks.RunAsync(
            _source, (_, _) => ran = true, argument, new TaskOptions { Ownership = ArgumentOwnership.Give }, cancellation.Token);
        await cancellation.CancelAsync();
        await IsCancelledAsync(second, cancellation.Token);
        _gate.Set();
        await first.WaitAsync(Patience);
        await EndAsync();
        Assert.False(ran);
        Assert.Equal(1, argument.Released);
    }

    [Fact]
    public async Task TaskRunner_should_fail_late_tasks_when_it_is_drained()
    {
        var call = Zero.Tasks.RunAsync(_source, Blocked, new FakeTensor(), new TaskOptions { Ownership = ArgumentOwnership.Give });
        await _entered.WaitAsync(Patience);
        var drain = Zero.Tasks.DrainAsync(TimeSpan.FromSeconds(2));
        Clock.Advance(TimeSpan.FromSeconds(2));
        await drain.WaitAsync(Patience);
        await FailsAsync(InferenceFailure.ShuttingDown, call);
        _gate.Set();
        await EndAsync();
    }

    [Fact]
    public async Task TaskRunner_should_fail_the_call_typed_when_its_actor_crashes()
    {
        _source.OnReturn = () => throw new InvalidOperationException("the pool of skeletons is broken");
        await FailsAsync(InferenceFailure.ActorCrashed, Zero.Tasks.RunAsync(_source, (_, argument) => argument, 1));
        await EventuallyAsync(() => Zero.Tasks.Pending == 0);
        _source.OnReturn = () => { };
        Assert.Equal(2, await Zero.Tasks.RunAsync(_source, (_, argument) => argument, 2).WaitAsync(Patience));
    }

    [Fact]
    public async Task TaskRunner_should_release_argument_and_answer_as_its_source_does_when_nobody_waits()
    {
        var (argument, answer) = (new FakeTensor(), new FakeTensor());
        using var cancellation = new CancellationTokenSource();
        var call = Zero.Tasks.RunAsync(
            _source,
            (target, held) =>
            {
                Blocked(target, held);
                return new[] { answer };
            },
            new[] { argument },
            new TaskOptions { Ownership = ArgumentOwnership.Give },
            cancellation.Token);
        await _entered.WaitAsync(Patience);
        await cancellation.CancelAsync();
        await IsCancelledAsync(call, cancellation.Token);
        _gate.Set();
        await EndAsync();
        Assert.Equal((1, 1), (argument.Released, answer.Released));
    }

    [Fact]
    public async Task TaskRunner_should_keep_its_place_when_an_argument_cannot_be_released()
    {
        var broken = new Unreleasable();
        Assert.Same(broken, await Zero.Tasks.RunAsync(
            _source, (_, argument) => argument, broken, new TaskOptions { Ownership = ArgumentOwnership.Give }).WaitAsync(Patience));
        Assert.Equal(2, await Zero.Tasks.RunAsync(_source, (_, argument) => argument, 2).WaitAsync(Patience));
        await EndAsync();
    }

    private object? Blocked(object target, object? argument)
    {
        _entered.Release();
        Assert.True(_gate.Wait(Patience));
        return argument;
    }

    private Task EndAsync() => EventuallyAsync(() => _source.Out == 0 && Zero.Tasks.Pending == 0);

    private sealed class Unreleasable : IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("the native allocator is broken");
    }
}
