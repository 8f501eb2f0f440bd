using System.Collections.Concurrent;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>A thread of a <see cref="ComputeExecutor"/>, and the answers that it has to hand over once its run has ended.</summary>
/// <remarks>
/// <code>
///   idle ──► running ──► handing over ──► idle
///                         │  kept for too long
///                         └──► other answers go to the thread pool; a stand-in there runs mailboxes until the thread is back
/// </code>
/// A stand-in hands over through the thread pool, so that no caller can keep it.
/// </remarks>
internal sealed class ComputeThread : IThreadPoolWorkItem
{
    [ThreadStatic]
    private static ComputeThread? _current;

    private readonly ComputeExecutor _executor;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _answers = new();
    private IRunnable? _mailbox;
    private IRunnable? _kept;
    private bool _keeps;
    private long _keepsSince;

    // Odd while the thread hands over.
    private int _turn;
    private int _turnSeen;
    private bool _answersSeen;
    private int _keptTurn;
    private int _standIn;

    private ComputeThread(ComputeExecutor executor) => _executor = executor;

    /// <summary>Whether the thread is with a caller, or has answers that wait for the end of its run.</summary>
    public bool NeedsLookingAfter => IsHandover(Volatile.Read(ref _turn)) || !_answers.IsEmpty;

    private bool HasWaiting => Volatile.Read(ref _kept) is not null || _executor.HasWaiting;

    private bool IsKept => IsHandover(Volatile.Read(ref _keptTurn)) && Volatile.Read(ref _keptTurn) == Volatile.Read(ref _turn);

    /// <summary>The calling thread, which belongs to the executor.</summary>
    public static ComputeThread Of(ComputeExecutor executor)
    {
        if (_current is not { } thread)
        {
            thread = _current = new ComputeThread(executor);
            executor.Add(thread);
        }

        return thread;
    }

    /// <summary>
    /// Executes the item on the calling thread when its run has ended; on a thread without a run, on the thread pool.
    /// </summary>
    public static void AfterRun(IThreadPoolWorkItem answer)
    {
        if (_current is { _mailbox: not null } thread)
        {
            thread._answers.Enqueue(answer);
            thread._executor.Watch();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(answer, preferLocal: true);
        }
    }

    /// <summary>
    /// Has the calling thread run one more mailbox when it is free, where it will be so soon: it is the thread of a caller, or has just run that mailbox.
    /// Not where a model is computing, which may wait for what another mailbox does.
    /// </summary>
    public static bool TryKeep(ComputeExecutor executor, IRunnable mailbox)
    {
        if (_current is not { _keeps: false } thread || thread._executor != executor || thread.IsKept
            || !(IsHandover(thread._turn) || ReferenceEquals(thread._mailbox, mailbox)))
        {
            return false;
        }

        if (!executor.MayKeep(out thread._keepsSince))
        {
            return false;
        }

        thread._keeps = true;
        Volatile.Write(ref thread._kept, mailbox);
        return true;
    }

    /// <summary>The mailbox that the calling thread, which is free now, has kept; null where there is none, or a stand-in has run it.</summary>
    public IRunnable? TakeKept(out long now)
    {
        if (!_keeps)
        {
            now = 0;
            return null;
        }

        _keeps = false;
        _executor.EndKeeping(_keepsSince, out now);
        return Interlocked.Exchange(ref _kept, null);
    }

    /// <summary>Runs a mailbox, then hands over.</summary>
    public void Run(IRunnable mailbox)
    {
        _mailbox = mailbox;
        try
        {
            mailbox.Run();
        }
        finally
        {
            _mailbox = null;
            if (!_answers.IsEmpty)
            {
                HandOver();
            }
        }
    }

    /// <summary>
    /// Called once in a while, by one thread at a time: answers that have waited since the last time go to the thread pool, behind a caller or a further
    /// mailbox message alike. True where a caller has kept this thread since then, so that others have to stand in for it.
    /// </summary>
    public bool LookAfter()
    {
        var turn = Volatile.Read(ref _turn);
        var same = turn == _turnSeen;
        var kept = same && IsHandover(turn);
        if (kept || (same && _answersSeen))
        {
            HandOverElsewhere();
        }

        _turnSeen = turn;
        _answersSeen = !_answers.IsEmpty;
        if (kept)
        {
            Volatile.Write(ref _keptTurn, turn);
        }

        return kept;
    }

    /// <summary>Has the thread pool hand over what waits.</summary>
    public void HandOverElsewhere()
    {
        while (_answers.TryDequeue(out var answer))
        {
            ThreadPool.UnsafeQueueUserWorkItem(answer, preferLocal: false);
        }
    }

    /// <summary>Has the thread pool run mailboxes in place of the thread, where a caller keeps it.</summary>
    public void StandIn()
    {
        if (IsKept && HasWaiting && Interlocked.Exchange(ref _standIn, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Stands in for the thread while callers keep it.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            while (IsKept && (Interlocked.Exchange(ref _kept, null) ?? _executor.Take()) is { } mailbox)
            {
                mailbox.Run();
            }
        }
        finally
        {
            Interlocked.Exchange(ref _standIn, 0);
            // For a mailbox that came when this one had looked for the last time.
            StandIn();
        }
    }

    private static bool IsHandover(int turn) => (turn & 1) != 0;

    private void HandOver()
    {
        // A full fence, as where the watch ends: either that one sees the turn, or the watch is seen to have ended.
        Interlocked.Increment(ref _turn);
        try
        {
            _executor.Watch();
            while (_answers.TryDequeue(out var answer))
            {
                answer.Execute();
            }
        }
        finally
        {
            Volatile.Write(ref _turn, _turn + 1);
        }
    }
}
