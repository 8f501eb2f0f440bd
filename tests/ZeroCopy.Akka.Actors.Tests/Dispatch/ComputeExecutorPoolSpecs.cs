using ZeroCopy.Actors.Tests.Inference;

namespace ZeroCopy.Actors.Tests.Dispatch;

/// <summary>Pools whose callers go on where their answers were computed.</summary>
public sealed class ComputeExecutorPoolSpecs() : PoolSpec("""
    zerocopy.inference.dispatcher.executor = "ZeroCopy.Actors.Dispatch.ComputeExecutorConfigurator, ZeroCopy.Akka.Actors"
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
    public async Task InferencePool_should_serve_others_while_callers_keep_every_thread_that_computes()
    {
        var pool = await PoolAsync((_, argument) => argument, size: 2);
        await BlockAndServeAsync(pool);
        await EndAsync(pool);
    }
}
