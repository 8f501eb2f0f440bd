using ZeroCopy.Actors.Tests.Inference;

namespace ZeroCopy.Actors.Tests.Dispatch;

/// <summary>Pools whose callers go on on the .NET thread pool.</summary>
public sealed class ForkJoinPoolSpecs : PoolSpec
{
    [Fact]
    public async Task InferencePool_should_let_callers_go_on_on_the_thread_pool()
    {
        var pool = await PoolAsync(Blocked);
        var call = pool.CallAsync(null);
        var where = call.ContinueWith(
            static _ => Thread.CurrentThread.IsThreadPoolThread, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Gate.Set();
        Assert.True(await where.WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_serve_others_while_a_caller_does_not_let_go_of_its_thread()
    {
        var pool = await PoolAsync(Blocked);
        await BlockAndServeAsync(pool);
        await EndAsync(pool);
    }
}
