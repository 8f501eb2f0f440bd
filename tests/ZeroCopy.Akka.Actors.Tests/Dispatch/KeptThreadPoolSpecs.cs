using ZeroCopy.Actors.Tests.Inference;

namespace ZeroCopy.Actors.Tests.Dispatch;

/// <summary>Pools whose callers keep the threads that compute.</summary>
public sealed class KeptThreadPoolSpecs()
    : PoolSpec("zerocopy.inference.dispatcher.executor = \"ZeroCopy.Actors.Dispatch.ComputeExecutorConfigurator, ZeroCopy.Akka.Actors\"")
{
    [Fact]
    public async Task InferencePool_should_serve_others_while_callers_keep_every_thread_that_computes()
    {
        var pool = await PoolAsync(Blocked, size: 2);
        await BlockAndServeAsync(pool);
        await EndAsync(pool);
    }
}
