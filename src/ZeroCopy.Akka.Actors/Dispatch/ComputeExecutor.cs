using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>
/// Runs mailboxes on threads of another executor, and hands over the answers of a run on the thread that computed them. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A caller goes on where its answer was computed: its next call and the release of the answer find what they need in that processor's cache and in
/// that thread's part of the native heap, and no thread is woken. Through the thread pool a pool of short calls loses a tenth of its rows to that.
/// </para>
/// <para>
/// What a caller does with its answer may take any time and may block. So it happens when the run has ended, and a thread that is kept for longer than
/// its patience allows is looked after: the other answers of its run are handed over by the .NET thread pool, which also runs mailboxes in its place.
/// </para>
/// <para>
/// A thread keeps one mailbox to itself: that of the model that it has just run, where more calls wait, else the one that a caller's next call fills. It will
/// be free as soon as the caller awaits the answer. Another thread would spin for work and wake up for a call at a time: half of the processor time of a
/// caller that makes one call after the other. A thread changes to the mailbox that waits longest when it has run those that it kept for a <see cref="Slice"/>.
/// </para>
/// Invariant: for every mailbox in the queue there is a request for a thread; while a thread hands over, it is looked after.
/// </remarks>
internal sealed class ComputeExecutor : ExecutorService, IRunnable
{
    /// <summary>How long a mailbox may wait for the thread that keeps it: about as long as it takes to wake another one.</summary>
    private static readonly TimeSpan KeepLimit = TimeSpan.FromMicroseconds(100);

    /// <summary>How long a thread stays with the mailboxes that it keeps while others wait.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(1);

    /// <summary>Late time that costs nothing: a thread that lost its processor is no caller that blocks.</summary>
    private static readonly TimeSpan LateCredit = TimeSpan.FromMilliseconds(20);

    /// <summary>Beyond the credit none is kept for so many times the late time: callers that block cost a hundredth of the time at most.</summary>
    private const int LateFactor = 100;

    private readonly ConcurrentQueue<IRunnable> _queue = new();
    private readonly ExecutorService _threads;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _clock;
    private readonly AutoResetEvent _watch = new(initialState: false);
    private readonly Lock _late = new();
    private readonly long _credit;
    private ImmutableArray<ComputeThread> _known = [];
    private long _lateUntil;
    private int _watching;
    private volatile bool _hasKept;
    private volatile bool _stopped;

    /// <param name="id">The dispatcher.</param>
    /// <param name="threads">Where mailboxes run; shut down with this one.</param>
    /// <param name="patience">How long callers may keep a thread before another one takes over, and up to twice as long; infinite: for ever.</param>
    /// <param name="clock">Says how long mailboxes wait for the thread that keeps them.</param>
    public ComputeExecutor(string id, ExecutorService threads, TimeSpan patience, TimeProvider clock)
        : base(id)
    {
        _threads = threads;
        _patience = patience;
        _clock = clock;
        _credit = Ticks(LateFactor * LateCredit);
        _lateUntil = clock.GetTimestamp();
        // A thread of its own rather than a timer, which would wake two others each time.
        new Thread(LookAfterThreads) { IsBackground = true, Name = $"{id}.watch" }.Start();
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

        if (ComputeThread.TryKeep(this, run))
        {
            return;
        }

        Enqueue(run);
        if (_hasKept)
        {
            StandIn();
        }
    }

    /// <inheritdoc/>
    public override void Shutdown()
    {
        _stopped = true;
        _watch.Set();
        _threads.Shutdown();
    }

    /// <summary>Runs the mailbox that waits longest, on one of the threads, and then those that the thread has kept meanwhile.</summary>
    void IRunnable.Run()
    {
        var thread = ComputeThread.Of(this);
        var since = _clock.GetTimestamp();
        var run = Take();
        while (run is not null)
        {
            RunOn(thread, run);
            run = thread.TakeKept(out var now);
            if (run is not null && _clock.GetElapsedTime(since, now) > Slice)
            {
                // Into the queue before one is taken: for each that waits there is a request still.
                since = now;
                _queue.Enqueue(run);
                run = Take();
            }
        }
    }

    void IThreadPoolWorkItem.Execute() => ((IRunnable)this).Run();

    /// <summary>Looks after a thread that has its first mailbox.</summary>
    internal void Add(ComputeThread thread) => ImmutableInterlocked.Update(ref _known, static (known, thread) => known.Add(thread), thread);

    /// <summary>Takes the mailbox that waits longest; null where none does.</summary>
    internal IRunnable? Take() => _queue.TryDequeue(out var run) ? run : null;

    /// <summary>Looks after the threads until no answer waits and no caller is with one.</summary>
    internal void Watch()
    {
        if (Volatile.Read(ref _watching) == 0 && Interlocked.Exchange(ref _watching, 1) == 0)
        {
            _watch.Set();
        }
    }

    /// <summary>Whether a thread may keep a mailbox, and since when it does then.</summary>
    internal bool MayKeep(out long since)
    {
        since = _clock.GetTimestamp();
        return since >= Volatile.Read(ref _lateUntil) - _credit;
    }

    /// <summary>A thread that kept a mailbox since then is free for it now.</summary>
    internal void EndKeeping(long since, out long now)
    {
        now = _clock.GetTimestamp();
        var waited = _clock.GetElapsedTime(since, now);
        if (waited > KeepLimit)
        {
            // No longer than this, for then another thread runs it in this one's place.
            var late = _patience == Timeout.InfiniteTimeSpan || waited < 2 * _patience ? waited : 2 * _patience;
            lock (_late)
            {
                Volatile.Write(ref _lateUntil, Math.Max(now, _lateUntil) + Ticks(LateFactor * late));
            }
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _clock.TimestampFrequency);

    private void Enqueue(IRunnable run)
    {
        _queue.Enqueue(run);
        try
        {
            _threads.Execute(this);
        }
        catch (RejectedExecutionException)
        {
            // Shut down meanwhile. The mailbox is in the queue, so nobody else may be told to run it.
            ThreadPool.UnsafeQueueUserWorkItem(static executor => executor.RunElsewhere(), this, preferLocal: false);
        }
    }

    private void RunElsewhere() => Take()?.Run();

    // For the threads that are known to be kept: a mailbox need not wait until they are looked after again.
    private void StandIn()
    {
        foreach (var thread in _known)
        {
            thread.StandIn();
        }
    }

    private void RunOn(ComputeThread thread, IRunnable run)
    {
        try
        {
            thread.Run(run);
        }
        catch
        {
            // The thread may be lost, and must not take a mailbox with it.
            if (thread.TakeKept(out _) is { } kept)
            {
                Enqueue(kept);
            }

            throw;
        }
    }

    private void LookAfterThreads()
    {
        while (!_stopped)
        {
            _watch.WaitOne();
            do
            {
                // Set meanwhile by a shutdown alone.
                _watch.WaitOne(_patience);
                var kept = false;
                foreach (var thread in _known)
                {
                    kept |= thread.LookAfter();
                }

                _hasKept = kept;
                if (kept)
                {
                    StandIn();
                }

                Interlocked.Exchange(ref _watching, 0);
            }
            while (!_stopped && _known.Any(static thread => thread.NeedsLookingAfter) && Interlocked.Exchange(ref _watching, 1) == 0);
        }

        foreach (var thread in _known)
        {
            thread.HandOverElsewhere();
        }
    }
}
