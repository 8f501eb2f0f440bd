using System.Diagnostics;

namespace ZeroCopy.Actors.Tasks;

/// <summary>
/// Lets a bounded number of tasks run and keeps the others in line, by priority and then by arrival. Thread-safe.
/// Invariant: free + running == places; nobody waits while a place is free.
/// </summary>
/// <remarks>
/// A task that a function calls needs no place: the function waits for it in its own, and where functions had them all, none would ever be
/// free.
/// </remarks>
internal sealed class TaskGate
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCall, (int NegatedPriority, long Arrival)> _waiting = new();
    private readonly Action<TaskCall> _start;
    private readonly int _places;
    private int _free;
    private long _arrivals;

    public TaskGate(int places, Action<TaskCall> start)
    {
        _places = places;
        _free = places;
        _start = start;
    }

    public int Free
    {
        get
        {
            lock (_lock)
            {
                return _free;
            }
        }
    }

    /// <summary>Starts the task now, or when a place is free.</summary>
    public void Enter(TaskCall task)
    {
        if (task.Call.IsAnswered)
        {
            task.Call.Retire();
            return;
        }

        if (NeedsPlace(task))
        {
            lock (_lock)
            {
                if (_free == 0)
                {
                    _waiting.Enqueue(task, (-task.Options.Priority, _arrivals++));
                    return;
                }

                _free--;
            }
        }

        _start(task);
    }

    /// <summary>Gives a task's place back; the next one that somebody still waits for gets it.</summary>
    public void Leave(TaskCall task)
    {
        if (!NeedsPlace(task))
        {
            return;
        }

        TaskCall? next;
        do
        {
            lock (_lock)
            {
                if (!_waiting.TryDequeue(out next, out _))
                {
                    _free++;
                    Debug.Assert(_free <= _places, "A task gave its place back twice.");
                    return;
                }
            }

            if (next.Call.IsAnswered)
            {
                next.Call.Retire();
                next = null;
            }
        }
        while (next is null);

        _start(next);
    }

    private static bool NeedsPlace(TaskCall task) => task.Within is null;
}
