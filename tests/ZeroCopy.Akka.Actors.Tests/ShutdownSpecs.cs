using Akka.Actor;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Actors.Tests.Inference;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests;

/// <summary>A shutdown whose phase is shorter than what the drain settings ask for.</summary>
public sealed class ShutdownSpecs() : PoolSpec("""
    akka.coordinated-shutdown.phases.service-requests-done.timeout = 400ms
    zerocopy.inference.drain-timeout = 1h
    """)
{
    [Fact]
    public async Task Shutdown_should_fail_typed_what_its_phase_leaves_no_time_for()
    {
        var pool = await PoolAsync(Blocked);
        var running = pool.CallAsync(new FakeTensor(), Given);
        await Entered.WaitAsync(Patience);
        var queued = pool.CallAsync(2);
        var task = Zero.Tasks.RunAsync(Source, Blocked, new FakeTensor(), new() { Ownership = ArgumentOwnership.Give });
        await Entered.WaitAsync(Patience);
        var shutdown = CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.ClrExitReason.Instance);
        await EventuallyAsync(() =>
        {
            Clock.Advance(TimeSpan.FromMilliseconds(100));
            return running.IsCompleted && queued.IsCompleted && task.IsCompleted;
        });
        await FailsAsync(InferenceFailure.ShuttingDown, running);
        await FailsAsync(InferenceFailure.ShuttingDown, queued);
        await FailsAsync(InferenceFailure.ShuttingDown, task);
        Gate.Set();
        await shutdown.WaitAsync(Patience);
        await EventuallyAsync(() => Source.Out == 0 && pool.Pending == 0 && Zero.Tasks.Pending == 0);
        await FailsAsync(InferenceFailure.ShuttingDown, pool.CallAsync(3));
        await FailsAsync(InferenceFailure.ShuttingDown, Zero.Tasks.RunAsync(Source, Blocked, 4));
    }
}
