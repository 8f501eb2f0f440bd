using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Actors.Tests.Inference;

namespace ZeroCopy.Actors.Tests.Dispatch;

/// <summary>Pools whose callers go on where their answers were computed.</summary>
public sealed class ComputeExecutorPoolSpecs() : PoolSpec("""
    zerocopy.inference.dispatcher {
      executor = "ZeroCopy.Actors.Dispatch.ComputeExecutorConfigurator, ZeroCopy.Akka.Actors"
      caller-patience = 1h
    }
    """)
{
    [Fact]
    public async Task InferencePool_should_let_a_caller_go_on_where_its_answer_was_computed()
    {
        var pool = await PoolAsync((_, _) =>
        {
            Assert.True(Gate.Wait(Patience));
            return Environment.CurrentManagedThreadId;
        });
        var call = pool.CallAsync(null);
        var where = call.ContinueWith(
            static _ => Environment.CurrentManagedThreadId, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Gate.Set();
        Assert.Equal(await call.WaitAsync(Patience), await where.WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_hand_an_answer_over_before_the_next_call_is_computed()
    {
        using var step = new SemaphoreSlim(0);
        var pool = await PoolAsync((_, argument) => step.Wait(Patience) ? argument : throw new TimeoutException());
        var calls = Enumerable.Range(0, 6).Select(i => pool.CallAsync(i)).ToArray();
        // The next call is held inside the model meanwhile.
        foreach (var call in calls)
        {
            step.Release();
            await call.WaitAsync(Patience);
        }

        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_close_what_a_caller_left_open_on_its_thread_before_the_next_one_goes_on()
    {
        var codec = new FakeCodec { OnJoin = () => Assert.True(Gate.Wait(Patience)) };
        var pool = await PoolAsync(
            (_, argument) => argument, configure: s => s with { Batching = new() { MaxRows = 2, MaxDelay = Patience } }, codec: codec);
        var callers = new[] { CallerAsync(1), CallerAsync(2) };
        Gate.Set();

        var (first, second) = ((await callers[0].WaitAsync(Patience)), (await callers[1].WaitAsync(Patience)));

        Assert.Equal(first.Thread, second.Thread);
        Assert.Null(first.Found ?? second.Found);
        await EndAsync(pool);

        async Task<(int Thread, string? Found)> CallerAsync(int row)
        {
            await pool.CallAsync(new FakeTensor(row), Given).ConfigureAwait(false);
            var found = Source.LeftOpen.Value;
            Source.LeftOpen.Value = "a scope";
            return (Environment.CurrentManagedThreadId, found);
        }
    }
}
