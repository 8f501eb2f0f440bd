using System.Collections.Concurrent;
using Akka.Dispatch;
using ZeroCopy.Actors.Dispatch;

namespace ZeroCopy.Actors.Tests.Dispatch;

public sealed class ComputeExecutorSpecs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly OneThread _threads = new();
    private readonly ComputeExecutor _executor;

    public ComputeExecutorSpecs() => _executor = new ComputeExecutor("spec", _threads, keepsCallers: false);

    public void Dispose() => _executor.Shutdown();

    [Fact]
    public async Task ComputeExecutor_should_run_mailboxes_in_order_on_the_threads_that_it_has()
    {
        var runs = new ConcurrentQueue<(int, bool)>();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var i = 0; i < 5; i++)
        {
            var number = i;
            Execute(() => runs.Enqueue((number, _threads.IsCurrent)));
        }

        Execute(ended.SetResult);
        await ended.Task.WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 5).Select(number => (number, true)), runs);
        Assert.Equal(0, _executor.Compensating);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task ComputeExecutor_should_stand_in_for_threads_that_wait_for_what_others_do(int depth)
    {
        var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Execute(() => Nest(depth, answer));

        Assert.Equal(depth, await answer.Task.WaitAsync(Patience));

        void Nest(int left, TaskCompletionSource<int> own)
        {
            if (left == 0)
            {
                own.SetResult(0);
                return;
            }

            var inner = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            Execute(() => Nest(left - 1, inner));
            own.SetResult(inner.Task.WaitAsync(Patience).GetAwaiter().GetResult() + 1);
        }
    }

    [Fact]
    public async Task ComputeExecutor_should_stand_in_whatever_a_thread_waits_for()
    {
        var gate = new object();
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Task.Run(() =>
        {
            lock (gate)
            {
                Execute(() =>
                {
                    lock (gate)
                    {
                    }
                });
                Execute(answer.SetResult);
                Assert.True(answer.Task.Wait(Patience));
            }
        });
    }

    [Fact]
    public async Task ComputeExecutor_should_do_without_stand_ins_when_nobody_waits()
    {
        using var gate = new ManualResetEventSlim();
        Execute(() => Assert.True(gate.Wait(Patience)));
        Execute(gate.Set);
        Assert.True(await Task.Run(() => gate.Wait(Patience)));

        Assert.True(SpinWait.SpinUntil(() => _executor.Compensating == 0, Patience));
    }

    [Fact]
    public async Task ComputeExecutor_should_lose_no_run_whoever_hands_it_in()
    {
        const int Runs = 5_000;
        using var ended = new CountdownEvent(4 * Runs);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Runs; i++)
            {
                Execute(() => ended.Signal());
            }
        }))).WaitAsync(Patience);
        Assert.True(await Task.Run(() => ended.Wait(Patience)));
    }

    [Fact]
    public void ComputeExecutor_should_refuse_mailboxes_when_it_was_shut_down()
    {
        _executor.Shutdown();

        Assert.Throws<RejectedExecutionException>(() => Execute(() => { }));
    }

    private void Execute(Action action) => _executor.Execute(new Run(action));

    /// <summary>An executor of one thread.</summary>
    private sealed class OneThread : ExecutorService
    {
        private readonly BlockingCollection<IRunnable> _runs = [];
        private readonly Thread _thread;

        public OneThread()
            : base("one thread")
        {
            _thread = new Thread(() =>
            {
                foreach (var run in _runs.GetConsumingEnumerable())
                {
                    run.Run();
                }
            })
            {
                IsBackground = true,
            };
            _thread.Start();
        }

        public bool IsCurrent => Thread.CurrentThread == _thread;

        public override void Execute(IRunnable run) => _runs.Add(run);

        public override void Shutdown() => _runs.CompleteAdding();
    }

    private sealed class Run(Action action) : IRunnable
    {
        void IRunnable.Run() => action();

        void IThreadPoolWorkItem.Execute() => action();
    }
}
