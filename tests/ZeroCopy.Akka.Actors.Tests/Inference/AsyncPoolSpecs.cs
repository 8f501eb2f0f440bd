using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Routing;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>Pools of a function that awaits, and that outlives its actor.</summary>
public sealed class AsyncPoolSpecs : PoolSpec
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task InferencePool_should_release_a_given_argument_when_its_function_has_ended_and_not_before(bool isAbandoned)
    {
        var pool = await PoolAsync(AwaitGateAsync);
        using var cancellation = new CancellationTokenSource();
        var argument = new FakeTensor(1);
        var call = pool.CallAsync(argument, Given, cancellation.Token);
        await _entered.Task.WaitAsync(Patience);
        if (isAbandoned)
        {
            await cancellation.CancelAsync();
        }

        await StopAsync(pool);

        if (isAbandoned)
        {
            await IsCancelledAsync(call, cancellation.Token);
        }
        else
        {
            await FailsAsync(InferenceFailure.ShuttingDown, call);
        }

        Assert.Equal((0, 1), (argument.Released, pool.Pending));
        _gate.SetResult();
        await EventuallyAsync(() => argument.Released == 1 && pool.Pending == 0 && Source.Out == 0);
    }

    [Fact]
    public async Task InferencePool_should_answer_when_the_function_has_ended_that_reads_what_the_caller_keeps()
    {
        var pool = await PoolAsync(AwaitGateAsync);
        var call = pool.CallAsync(new FakeTensor(1));
        await _entered.Task.WaitAsync(Patience);

        await StopAsync(pool);

        Assert.Equal((false, 1), (call.IsCompleted, pool.Pending));
        _gate.SetResult();
        await FailsAsync(InferenceFailure.ShuttingDown, call);
        await EventuallyAsync(() => pool.Pending == 0 && Source.Out == 0);
    }

    [Fact]
    public async Task InferencePool_should_run_one_function_an_instance_when_one_ends_that_began_before_a_restart()
    {
        var inside = new ConcurrentDictionary<object, int>();
        var (entered, gates, most) = (new SemaphoreSlim(0), new[] { _gate, new TaskCompletionSource(), new TaskCompletionSource() }, 0);
        var pool = await PoolAsync(async (target, argument) =>
        {
            most = Math.Max(most, inside.AddOrUpdate(target, 1, (_, before) => before + 1));
            entered.Release();
            await gates[(int)argument!].Task;
            inside.AddOrUpdate(target, 0, (_, before) => before - 1);
            return argument;
        });
        var first = pool.CallAsync(0);
        await entered.WaitAsync(Patience);
        pool.Router.Tell(new Broadcast(Kill.Instance));
        var second = pool.CallAsync(1);
        await entered.WaitAsync(Patience);
        gates[2].SetResult();
        var third = pool.CallAsync(2);

        gates[0].SetResult();
        await first.WaitAsync(Patience);
        await EventuallyAsync(() => Source.Out == 1);
        Assert.False(third.IsCompleted);
        gates[1].SetResult();

        Assert.Equal([1, 2], (await Task.WhenAll(second, third).WaitAsync(Patience)).Cast<int>());
        Assert.Equal((1, 2), (most, Source.Rented));
        await EndAsync(pool);
    }

    private Task<InferencePool> PoolAsync(AsyncModelFunction function) =>
        Zero.CreatePoolAsync("async", Source, function, configure: settings => settings with { Size = 1 });

    private async Task<object?> AwaitGateAsync(object target, object? argument)
    {
        _entered.SetResult();
        await _gate.Task;
        return null;
    }

    /// <summary>Stops the actor while its function awaits, and retires what no actor is left to retire.</summary>
    private async Task StopAsync(InferencePool pool)
    {
        Watch(pool.Router);
        var drained = pool.DrainAsync(TimeSpan.Zero);
        await EventuallyAsync(() =>
        {
            // A drain waits a moment for a function that nobody waits for.
            Clock.Advance(TimeSpan.FromSeconds(1));
            return drained.IsCompleted;
        });
        await ExpectTerminatedAsync(pool.Router, Patience);
        pool.RetireAll();
    }
}
