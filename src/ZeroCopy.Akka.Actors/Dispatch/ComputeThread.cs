using System.Collections.Concurrent;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>A thread that runs mailboxes of a <see cref="ComputeExecutor"/>, as itself and as the one that looks after it see it.</summary>
/// <param name="keeper">
/// Has the thread looked after while callers, whose answers it has computed, go on on it; null where they go on on the .NET thread pool.
/// </param>
internal sealed class ComputeThread(ComputeExecutor? keeper)
{
    [ThreadStatic]
    private static ComputeThread? _current;

    private readonly Thread _thread = Thread.CurrentThread;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _answers = new();

    // Odd while a mailbox runs, and while its answers are handed over.
    private int _turn;
    private int _turnSeen;
    private bool _waitedThen;

    /// <summary>The calling thread, where it has run mailboxes before.</summary>
    public static ComputeThread? Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>Whether answers wait for the end of its run, or behind a caller.</summary>
    public bool HasAnswers => !_answers.IsEmpty;

    /// <summary>
    /// Hands an answer over: on the .NET thread pool, or on the calling thread when the mailbox that it runs has ended, where callers are
    /// to go on there.
    /// </summary>
    public static void HandOver(IThreadPoolWorkItem answer)
    {
        if (_current?.TryTake(answer) != true)
        {
            ThreadPool.UnsafeQueueUserWorkItem(answer, preferLocal: true);
        }
    }

    /// <summary>Runs a mailbox on this thread, which is the calling one.</summary>
    public void Run(IRunnable mailbox)
    {
        Volatile.Write(ref _turn, _turn + 1);
        try
        {
            mailbox.Run();
            while (_answers.TryDequeue(out var answer))
            {
                answer.Execute();
            }
        }
        finally
        {
            // Any are left only where the run has failed.
            HandOverElsewhere();
            Volatile.Write(ref _turn, _turn + 1);
        }
    }

    /// <summary>
    /// Called once in a while, by one thread: whether this one has waited, then and now, in the run of one mailbox. The runtime says so of
    /// locks, tasks, events and sleep alike; code outside of .NET counts as computing. The answers of one that waits are handed over by the
    /// .NET thread pool.
    /// </summary>
    public bool IsStillWaiting()
    {
        var turn = Volatile.Read(ref _turn);
        var waits = (turn & 1) != 0 && (_thread.ThreadState & ThreadState.WaitSleepJoin) != 0;
        var waited = waits && _waitedThen && turn == _turnSeen;
        (_turnSeen, _waitedThen) = (turn, waits);
        if (waited)
        {
            HandOverElsewhere();
        }

        return waited;
    }

    private void HandOverElsewhere()
    {
        while (_answers.TryDequeue(out var answer))
        {
            ThreadPool.UnsafeQueueUserWorkItem(answer, preferLocal: false);
        }
    }

    private bool TryTake(IThreadPoolWorkItem answer)
    {
        if (keeper is null || (_turn & 1) == 0)
        {
            return false;
        }

        _answers.Enqueue(answer);
        keeper.Watch();
        return true;
    }
}
