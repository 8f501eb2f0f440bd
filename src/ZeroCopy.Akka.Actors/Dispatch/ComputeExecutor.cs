using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>
/// Runs mailboxes on threads of another executor, and hands over the answers of a run on the thread that computed them. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A caller goes on where its answer was computed: its next call and the release of the answer find what they need in that processor's cache and in
/// that thread's part of the native heap, and no thread is woken. Through the thread pool a pool of short calls loses a sixth of its rows to that.
/// </para>
/// <para>
/// What a caller does with its answer may take any time and may block. So it happens when the run has ended, and a thread that is kept for longer than
/// <see cref="Patience"/> is looked after: the other answers of its run are handed over by the .NET thread pool, which also runs mailboxes in its place.
/// </para>
/// Invariant: for every mailbox in the queue there is a request for a thread; while a thread hands over, it is looked after.
/// </remarks>
internal sealed class ComputeExecutor : ExecutorService, IRunnable
{
    /// <summary>How long callers may keep a thread before another one takes over, and up to twice as long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<IRunnable> _queue = new();
    private readonly ExecutorService _threads;
    private readonly Timer _watch;
    private ImmutableArray<ComputeThread> _known = [];
    private int _watching;
    private volatile bool _stopped;

    /// <param name="id">The dispatcher.</param>
    /// <param name="threads">Where mailboxes run; shut down with this one.</param>
    public ComputeExecutor(string id, ExecutorService threads)
        : base(id)
    {
        _threads = threads;
        _watch = new Timer(static executor => ((ComputeExecutor)executor!).LookAfterThreads(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether a mailbox waits for a thread.</summary>
    internal bool HasWaiting => !_queue.IsEmpty;

    /// <inheritdoc/>
    /// <exception cref="RejectedExecutionException">The executor was shut down.</exception>
    public override void Execute(IRunnable run)
    {
        if (_stopped)
        {
            // Before the mailbox is in the queue: who is refused runs it elsewhere.
            throw new RejectedExecutionException($"The executor of {Id} was shut down.");
        }

        _queue.Enqueue(run);
        _threads.Execute(this);
    }

    /// <inheritdoc/>
    public override void Shutdown()
    {
        _stopped = true;
        _threads.Shutdown();
        _watch.Dispose();
    }

    /// <summary>Runs the mailbox that waits longest, on one of the threads.</summary>
    void IRunnable.Run()
    {
        if (TryTake(out var run))
        {
            ComputeThread.Of(this).Run(run);
        }
    }

    void IThreadPoolWorkItem.Execute() => ((IRunnable)this).Run();

    /// <summary>Looks after a thread that has its first mailbox.</summary>
    internal void Add(ComputeThread thread) => ImmutableInterlocked.Update(ref _known, static (known, thread) => known.Add(thread), thread);

    /// <summary>Takes the mailbox that waits longest.</summary>
    internal bool TryTake([NotNullWhen(true)] out IRunnable? run) => _queue.TryDequeue(out run);

    /// <summary>Looks after the threads until no answer waits and no caller is with one.</summary>
    internal void Watch()
    {
        if (Volatile.Read(ref _watching) == 0 && Interlocked.Exchange(ref _watching, 1) == 0)
        {
            _watch.Change(Patience, Timeout.InfiniteTimeSpan);
        }
    }

    private void LookAfterThreads()
    {
        foreach (var thread in _known)
        {
            thread.LookAfter();
        }

        Interlocked.Exchange(ref _watching, 0);
        if (_known.Any(static thread => thread.NeedsLookingAfter))
        {
            Watch();
        }
    }
}
