using Akka.Dispatch;
using ZeroCopy.Actors.Dispatch;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Actors.Tests.Dispatch;

public sealed class ComputeThreadSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task ComputeThread_should_count_as_waiting_when_it_did_twice_in_a_run()
    {
        using var gate = new ManualResetEventSlim();
        var (thread, ended) = await StartAsync(() => gate.Wait(Patience));

        Assert.True(SpinWait.SpinUntil(thread.IsStillWaiting, Patience));
        gate.Set();
        await ended;
        Assert.False(thread.IsStillWaiting());
    }

    [Fact]
    public async Task ComputeThread_should_not_count_as_waiting_the_first_time()
    {
        // Unlike the slim one it never spins before it waits.
        using var gate = new ManualResetEvent(false);
        Thread? run = null;
        var (thread, ended) = await StartAsync(() =>
        {
            run = Thread.CurrentThread;
            gate.WaitOne(Patience);
        });
        Assert.True(SpinWait.SpinUntil(() => run?.ThreadState.HasFlag(ThreadState.WaitSleepJoin) == true, Patience));

        Assert.False(thread.IsStillWaiting());
        Assert.True(thread.IsStillWaiting());
        gate.Set();
        await ended;
    }

    [Fact]
    public async Task ComputeThread_should_not_count_as_waiting_while_it_computes()
    {
        var stop = false;
        var begun = false;
        var (thread, ended) = await StartAsync(() =>
        {
            Volatile.Write(ref begun, true);
            while (!Volatile.Read(ref stop))
            {
            }
        });
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref begun), Patience));

        Assert.Equal([false, false, false], Enumerable.Range(0, 3).Select(_ => thread.IsStillWaiting()));
        Volatile.Write(ref stop, true);
        await ended;
    }

    /// <summary>A thread, which runs a mailbox and then ends.</summary>
    private static async Task<(ComputeThread Thread, Task Ended)> StartAsync(Action mailbox)
    {
        var started = new TaskCompletionSource<ComputeThread>(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = OwnThread.RunAsync(() =>
        {
            var thread = new ComputeThread(keeper: null);
            started.SetResult(thread);
            thread.Run(new Run(mailbox));
        });
        return (await started.Task.WaitAsync(Patience), ended);
    }

    private sealed class Run(Action action) : IRunnable
    {
        void IRunnable.Run() => action();

        void IThreadPoolWorkItem.Execute() => action();
    }
}
