using System.Collections.Concurrent;
using Akka.Dispatch;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Actors.Dispatch;

namespace ZeroCopy.Actors.Tests.Dispatch;

public sealed class ComputeExecutorSpecs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan CallerPatience = TimeSpan.FromMilliseconds(10);

    private readonly FakeTimeProvider _clock = new();
    private readonly OneThread _threads = new();
    private readonly Lazy<ComputeExecutor> _created;

    // Longer than any spec takes, unless one says otherwise: a busy machine is no caller that keeps a thread.
    private TimeSpan _patience = TimeSpan.FromHours(1);

    public ComputeExecutorSpecs() => _created = new(() => new ComputeExecutor("spec", _threads, _patience, _clock));

    private ComputeExecutor Executor => _created.Value;

    public void Dispose() => Executor.Shutdown();

    [Fact]
    public async Task ComputeExecutor_should_hand_over_on_the_thread_of_the_run_once_it_has_ended()
    {
        var handed = new TaskCompletionSource<bool>();
        Execute(() =>
        {
            var inside = true;
            ComputeThread.AfterRun(new Item(() => handed.SetResult(!inside && _threads.IsCurrent)));
            inside = false;
        });
        Assert.True(await handed.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task ComputeExecutor_should_go_on_while_a_caller_keeps_its_thread()
    {
        _patience = CallerPatience;
        var handed = new TaskCompletionSource<bool>();
        using var others = new CountdownEvent(3);
        Execute(() =>
        {
            // A caller that waits for what other mailboxes do, one of which comes later.
            ComputeThread.AfterRun(new Item(() =>
            {
                Execute(() => others.Signal());
                handed.SetResult(others.Wait(Patience));
            }));
            Execute(() => others.Signal());
            Execute(() => others.Signal());
        });
        Assert.True(await handed.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task ComputeExecutor_should_stand_in_again_for_a_caller_that_keeps_its_thread()
    {
        _patience = CallerPatience;
        using var end = new ManualResetEventSlim();
        var kept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource<bool>();
        Execute(() => ComputeThread.AfterRun(new Item(() =>
        {
            kept.SetResult();
            ended.SetResult(end.Wait(Patience));
        })));
        await kept.Task.WaitAsync(Patience);
        for (var i = 0; i < 3; i++)
        {
            var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Execute(ran.SetResult);
            await ran.Task.WaitAsync(Patience);
        }

        end.Set();
        Assert.True(await ended.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task ComputeExecutor_should_stand_in_at_once_for_a_thread_that_is_known_to_be_kept()
    {
        _patience = TimeSpan.FromSeconds(1);
        using var end = new CancellationTokenSource(Patience);
        var ended = new TaskCompletionSource<int>();
        Execute(() => ComputeThread.AfterRun(new Item(() =>
        {
            // The first one waits until the thread is known; if all did, they would not end in time.
            var runs = 0;
            while (runs < 100 && !end.IsCancellationRequested)
            {
                using var ran = new ManualResetEventSlim();
                Execute(ran.Set);
                runs += ran.Wait(Patience) ? 1 : 0;
            }

            ended.SetResult(runs);
        })));
        Assert.Equal(100, await ended.Task.WaitAsync(2 * Patience));
    }

    [Fact]
    public async Task ComputeExecutor_should_keep_no_mailbox_for_a_thread_that_is_known_to_be_kept()
    {
        _patience = CallerPatience;
        using var known = new ManualResetEventSlim();
        var kept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var requests = new TaskCompletionSource<int>();
        Execute(() => ComputeThread.AfterRun(new Item(() =>
        {
            kept.SetResult();
            Assert.True(known.Wait(Patience));
            var before = _threads.Requests;
            Execute(() => { });
            requests.SetResult(_threads.Requests - before);
        })));
        await kept.Task.WaitAsync(Patience);
        var elsewhere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Execute(elsewhere.SetResult);
        await elsewhere.Task.WaitAsync(Patience);

        known.Set();

        Assert.Equal(1, await requests.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task ComputeExecutor_should_keep_the_mailbox_of_a_callers_next_call_for_its_thread()
    {
        var requests = await NextAsync(() => Execute(() => { }));
        Assert.Equal(0, requests);
    }

    [Fact]
    public async Task ComputeExecutor_should_ask_for_threads_for_the_further_mailboxes_that_a_caller_fills()
    {
        var requests = await NextAsync(() =>
        {
            Execute(() => { });
            Execute(() => { });
            Execute(() => { });
        });
        Assert.Equal(2, requests);
    }

    [Fact]
    public async Task ComputeExecutor_should_keep_a_mailbox_that_has_more_to_do_for_its_thread()
    {
        var requests = _threads.Requests;
        var ended = new TaskCompletionSource();
        var left = 3;
        Run? run = null;
        run = new Run(() =>
        {
            if (--left > 0)
            {
                Executor.Execute(run!);
            }
            else
            {
                ended.SetResult();
            }
        });
        Executor.Execute(run);
        await ended.Task.WaitAsync(Patience);
        Assert.Equal(requests + 1, _threads.Requests);
    }

    [Fact]
    public async Task ComputeExecutor_should_ask_for_a_thread_for_a_mailbox_that_a_model_fills()
    {
        var requests = _threads.Requests;
        var ended = new TaskCompletionSource();
        Execute(() => Execute(ended.SetResult));
        await ended.Task.WaitAsync(Patience);
        Assert.Equal(requests + 2, _threads.Requests);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    public async Task ComputeExecutor_should_change_to_the_mailbox_that_waits_longest_after_a_millisecond(int milliseconds, int runsBefore)
    {
        var order = new ConcurrentQueue<string>();
        using var ended = new CountdownEvent(4);
        var left = 3;
        Run? busy = null;
        busy = new Run(() =>
        {
            Note("busy");
            if (--left == 2)
            {
                Execute(() => Note("waiting"));
            }
            else
            {
                _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            }

            if (left > 0)
            {
                Executor.Execute(busy!);
            }
        });
        Executor.Execute(busy);
        Assert.True(await Task.Run(() => ended.Wait(Patience)));
        Assert.Equal(runsBefore, order.ToList().IndexOf("waiting"));

        void Note(string run)
        {
            order.Enqueue(run);
            ended.Signal();
        }
    }

    [Fact]
    public async Task ComputeExecutor_should_keep_mailboxes_though_a_thread_lost_its_processor_for_once()
    {
        Assert.Equal(0, await NextAsync(() =>
        {
            Execute(() => { });
            _clock.Advance(TimeSpan.FromMilliseconds(20));
        }));
        Assert.Equal(0, await NextAsync(() => Execute(() => { })));
    }

    [Fact]
    public async Task ComputeExecutor_should_keep_no_mailbox_for_a_while_after_some_had_to_wait()
    {
        Assert.Equal(0, await NextAsync(() =>
        {
            Execute(() => { });
            // 5 ms more than is forgiven.
            _clock.Advance(TimeSpan.FromMilliseconds(25));
        }));
        Assert.Equal(1, await NextAsync(() => Execute(() => { })));
        _clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Equal(1, await NextAsync(() => Execute(() => { })));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, await NextAsync(() => Execute(() => { })));
    }

    [Fact]
    public async Task ComputeExecutor_should_keep_mailboxes_again_soon_after_a_caller_has_kept_its_thread_for_long()
    {
        await NextAsync(() =>
        {
            Execute(() => { });
            _clock.Advance(TimeSpan.FromDays(300));
        });
        _clock.Advance(100 * 2 * _patience);
        Assert.Equal(0, await NextAsync(() => Execute(() => { })));
    }

    [Fact]
    public async Task ComputeExecutor_should_leave_the_thread_alone_while_a_mailbox_runs()
    {
        _patience = CallerPatience;
        using var gate = new ManualResetEventSlim();
        var where = new ConcurrentQueue<bool>();
        using var ran = new CountdownEvent(2);
        Execute(() =>
        {
            // However long a model computes: more of them at a time than threads would only be slower.
            Assert.False(gate.Wait(10 * CallerPatience));
            Note();
        });
        Execute(Note);
        Assert.True(await Task.Run(() => ran.Wait(Patience)));
        Assert.Equal([true, true], where);

        void Note()
        {
            where.Enqueue(_threads.IsCurrent);
            ran.Signal();
        }
    }

    [Fact]
    public async Task ComputeExecutor_should_let_no_answer_of_a_run_wait_for_another()
    {
        _patience = CallerPatience;
        using var together = new Barrier(3);
        using var met = new CountdownEvent(3);
        Execute(() =>
        {
            for (var i = 0; i < 3; i++)
            {
                ComputeThread.AfterRun(new Item(() =>
                {
                    Assert.True(together.SignalAndWait(Patience));
                    met.Signal();
                }));
            }
        });
        Assert.True(await Task.Run(() => met.Wait(Patience)));
    }

    [Fact]
    public async Task ComputeExecutor_should_let_no_answer_wait_for_the_rest_of_a_long_run()
    {
        _patience = CallerPatience;
        var handed = new TaskCompletionSource<bool>();
        Execute(() =>
        {
            using var answered = new ManualResetEventSlim();
            ComputeThread.AfterRun(new Item(answered.Set));
            handed.SetResult(answered.Wait(Patience));
        });
        Assert.True(await handed.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task ComputeExecutor_should_lose_no_run_whoever_hands_it_in()
    {
        const int Runs = 5_000;
        using var ended = new CountdownEvent(2 * 4 * Runs);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Runs; i++)
            {
                Execute(() =>
                {
                    ComputeThread.AfterRun(new Item(() => ended.Signal()));
                    ended.Signal();
                });
            }
        }))).WaitAsync(Patience);
        Assert.True(await Task.Run(() => ended.Wait(Patience)));
    }

    [Fact]
    public async Task ComputeThread_should_hand_over_on_the_thread_pool_outside_of_runs()
    {
        var handed = new TaskCompletionSource<bool>();
        using var returned = new ManualResetEventSlim();
        var caller = new Thread(() =>
        {
            ComputeThread.AfterRun(new Item(() => handed.SetResult(returned.Wait(Patience) && Thread.CurrentThread.IsThreadPoolThread)));
            returned.Set();
        });
        caller.Start();
        Assert.True(await handed.Task.WaitAsync(Patience));
        caller.Join();
    }

    [Fact]
    public async Task ComputeExecutor_should_be_shut_down_while_a_caller_keeps_a_thread()
    {
        _patience = CallerPatience;
        var refused = new TaskCompletionSource<Exception>();
        using var never = new ManualResetEventSlim();
        Execute(() => ComputeThread.AfterRun(new Item(() =>
        {
            Executor.Shutdown();
            // As long as the executor would look after its threads.
            Assert.False(never.Wait(3 * CallerPatience));
            refused.SetResult(Record.Exception(() => Execute(() => { })));
        })));
        Assert.IsType<RejectedExecutionException>(await refused.Task.WaitAsync(Patience));
    }

    private void Execute(Action action) => Executor.Execute(new Run(action));

    /// <summary>Requests for threads that a caller makes with what it does next, once all of that has run.</summary>
    private async Task<int> NextAsync(Action next)
    {
        var requests = 0;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Execute(() => ComputeThread.AfterRun(new Item(() =>
        {
            requests = _threads.Requests;
            next();
            requests = _threads.Requests - requests;
            ended.SetResult();
        })));
        await ended.Task.WaitAsync(Patience);
        // Behind whatever was kept.
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Execute(idle.SetResult);
        await idle.Task.WaitAsync(Patience);
        return requests;
    }

    /// <summary>An executor of one thread.</summary>
    private sealed class OneThread : ExecutorService
    {
        private readonly BlockingCollection<IRunnable> _runs = [];
        private readonly Thread _thread;
        private int _requests;

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

        /// <summary>How often a thread was asked for.</summary>
        public int Requests => Volatile.Read(ref _requests);

        public bool IsCurrent => Thread.CurrentThread == _thread;

        public override void Execute(IRunnable run)
        {
            if (_runs.IsAddingCompleted)
            {
                throw new RejectedExecutionException("Shut down.");
            }

            Interlocked.Increment(ref _requests);
            _runs.Add(run);
        }

        public override void Shutdown() => _runs.CompleteAdding();
    }

    private sealed class Run(Action action) : IRunnable
    {
        void IRunnable.Run() => action();

        void IThreadPoolWorkItem.Execute() => action();
    }

    private sealed class Item(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
