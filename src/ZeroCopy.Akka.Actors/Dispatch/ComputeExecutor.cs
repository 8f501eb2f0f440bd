using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>
/// Runs mailboxes on the threads of another executor, as many as processors, and on a further one for each of those that waits.
/// Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A model's function may wait: for another pool's answer, for a task, for a lock, for a service. What it waits for may need a thread of
/// this executor, and a fixed number of them would wait for each other for ever. So a thread that waits is stood in for, until the one it
/// waits for has had its turn. Nobody has to say that he waits: the runtime knows it of every thread, whatever for and however deep inside.
/// </para>
/// <para>
/// A thread for each actor would do as well, but models of a process are many, and each thread that has multiplied matrices keeps megabytes
/// for that.
/// </para>
/// <para>
/// Callers may be kept on the thread that computed their answers, see <see cref="ComputeThread"/>; one that waits there is stood in for
/// like a function.
/// </para>
/// <para>
/// Stand-ins are no more than the mailboxes that are in the middle of a message, and end when they have had nothing to do for a while, or
/// nobody waits.
/// </para>
/// </remarks>
internal sealed class ComputeExecutor : ExecutorService, IRunnable
{
    /// <summary>How often threads are looked after while mailboxes come in: one that waits is stood in for after twice that time.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// How long a compensating thread stays when it is not needed any more: to start a thread takes longer than to wake one.
    /// </summary>
    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<IRunnable> _queue = new();
    private readonly ExecutorService _threads;
    private readonly bool _keepsCallers;
    private readonly AutoResetEvent _watch = new(initialState: false);
    private readonly ManualResetEventSlim _stop = new();
    private readonly SemaphoreSlim _work = new(0);
    private ImmutableArray<ComputeThread> _known = [];
    private int _watching;
    private int _compensating;
    private int _idle;
    private int _wanted;
    private long _wantedAt;

    /// <param name="id">The dispatcher.</param>
    /// <param name="threads">Where mailboxes run; shut down with this one.</param>
    /// <param name="keepsCallers">Whether callers go on on these threads, and not on the .NET pool.</param>
    public ComputeExecutor(string id, ExecutorService threads, bool keepsCallers)
        : base(id)
    {
        _threads = threads;
        _keepsCallers = keepsCallers;
        // A thread of its own rather than a timer: those of the .NET pool may be the ones that are waited for.
        Start(WatchThreads, "watch");
    }

    /// <summary>Threads that compute in place of waiting ones.</summary>
    internal int Compensating => Volatile.Read(ref _compensating);

    /// <inheritdoc/>
    /// <exception cref="RejectedExecutionException">The executor was shut down.</exception>
    public override void Execute(IRunnable run)
    {
        if (_stop.IsSet)
        {
            // Before the mailbox is in the queue: who is refused runs it elsewhere.
            throw new RejectedExecutionException($"The executor of {Id} was shut down.");
        }

        _queue.Enqueue(run);
        try
        {
            _threads.Execute(this);
        }
        catch (RejectedExecutionException)
        {
            // Shut down meanwhile. The mailbox is in the queue, so nobody else may be told to run it.
            ThreadPool.UnsafeQueueUserWorkItem(static executor => executor.RunNext(), this, preferLocal: false);
        }

        if (Volatile.Read(ref _idle) > 0)
        {
            _work.Release();
        }

        Watch();
    }

    /// <summary>Looks after the threads until no mailbox waits for one, and no answer for a caller that is with one.</summary>
    public void Watch()
    {
        if (Volatile.Read(ref _watching) == 0 && Interlocked.Exchange(ref _watching, 1) == 0)
        {
            _watch.Set();
        }
    }

    /// <inheritdoc/>
    public override void Shutdown()
    {
        _stop.Set();
        _watch.Set();
        _threads.Shutdown();
    }

    void IRunnable.Run() => RunNext();

    void IThreadPoolWorkItem.Execute() => RunNext();

    /// <summary>Runs the mailbox that waits longest on the calling thread; false where a compensating thread was faster.</summary>
    private bool RunNext()
    {
        if (!_queue.TryDequeue(out var mailbox))
        {
            return false;
        }

        if (ComputeThread.Current is not { } thread)
        {
            thread = ComputeThread.Current = new ComputeThread(_keepsCallers ? this : null);
            ImmutableInterlocked.Update(ref _known, static (known, added) => known.Add(added), thread);
        }

        thread.Run(mailbox);
        return true;
    }

    private void WatchThreads()
    {
        while (!_stop.IsSet)
        {
            _watch.WaitOne();
            do
            {
                Interlocked.Exchange(ref _watching, 1);
                _stop.Wait(Interval);
                WatchOnce();
                Interlocked.Exchange(ref _watching, 0);
            }
            while (!_stop.IsSet && (!_queue.IsEmpty || _known.Any(static thread => thread.HasAnswers)));
        }
    }

    private void WatchOnce()
    {
        var waiting = 0;
        foreach (var thread in _known)
        {
            waiting += thread.IsStillWaiting() ? 1 : 0;
        }

        var now = Environment.TickCount64;
        if (waiting >= _wanted || now - _wantedAt > Stay.TotalMilliseconds)
        {
            Volatile.Write(ref _wanted, waiting);
            _wantedAt = now;
        }

        while (!_queue.IsEmpty && Volatile.Read(ref _compensating) < waiting)
        {
            Interlocked.Increment(ref _compensating);
            Start(RunCompensating, "compensating");
        }
    }

    /// <summary>Runs mailboxes while there are any, and threads that wait.</summary>
    private void RunCompensating()
    {
        do
        {
            while (Volatile.Read(ref _compensating) <= Volatile.Read(ref _wanted) && RunNext())
            {
            }
        }
        while (Volatile.Read(ref _compensating) <= Volatile.Read(ref _wanted) && Idle());

        if (ComputeThread.Current is { } thread)
        {
            ImmutableInterlocked.Update(ref _known, static (known, gone) => known.Remove(gone), thread);
        }

        Interlocked.Decrement(ref _compensating);
    }

    private bool Idle()
    {
        Interlocked.Increment(ref _idle);
        try
        {
            return !_stop.IsSet && (!_queue.IsEmpty || _work.Wait(Stay));
        }
        finally
        {
            Interlocked.Decrement(ref _idle);
        }
    }

    private void Start(ThreadStart run, string name) => new Thread(run) { IsBackground = true, Name = $"{Id}.{name}" }.UnsafeStart();
}
