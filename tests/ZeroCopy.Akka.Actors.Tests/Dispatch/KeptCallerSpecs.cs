using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Actors.Tests.Inference;

namespace ZeroCopy.Actors.Tests.Dispatch;

/// <summary>Pools whose callers go on where their answers were computed.</summary>
public sealed class KeptCallerSpecs() : PoolSpec("zerocopy.inference.dispatcher.callers = compute-threads")
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
            static _ => Environment.CurrentManagedThreadId,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        Gate.Set();
        Assert.Equal(await call.WaitAsync(Patience), await where.WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_serve_others_while_callers_keep_every_thread_that_computes()
    {
        var pool = await PoolAsync(Blocked, size: 2);
        await BlockAndServeAsync(pool);
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_hand_over_every_answer_of_a_run_though_a_caller_waits_for_another()
    {
        using var met = new Barrier(2);
        var codec = new FakeCodec { OnJoin = () => Assert.True(Gate.Wait(Patience)) };
        var pool = await PoolAsync(
            (_, argument) => argument,
            configure: s => s with { Batching = new() { Adaptive = false, MaxRows = 2, MaxDelay = Patience } },
            codec: codec);
        var callers = new[] { CallerAsync(1), CallerAsync(2) };
        Gate.Set();

        await Task.WhenAll(callers).WaitAsync(Patience);
        await EndAsync(pool);

        async Task CallerAsync(int row)
        {
            await pool.CallAsync(new FakeTensor(row), Given).ConfigureAwait(false);
            Assert.True(met.SignalAndWait(Patience));
        }
    }
}
