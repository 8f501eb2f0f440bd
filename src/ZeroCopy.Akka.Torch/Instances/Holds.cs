using System.Diagnostics;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// How everything that several threads use here comes to its end: whoever builds from it or runs on it holds it meanwhile, its owner's
/// end refuses further holds, and the last one that ends frees it. Nobody waits for anybody. Thread-safe. Invariant: freed == (closed and
/// <see cref="Count"/> == 0), which is once and for good, for a closed one gets no further holders.
/// </summary>
/// <param name="name">What is held, for the error of those that come too late.</param>
/// <param name="free">Frees it: on the thread of the owner, or of the last holder. It must not throw.</param>
internal sealed class Holds(string name, Action free)
{
    private const int Closed = 1;
    private const int Holder = 2;

    // Holders times two, and whether it is closed.
    private int _state;

    public bool IsClosed => (Volatile.Read(ref _state) & Closed) != 0;

    /// <summary>Those that hold it now.</summary>
    public int Count => Volatile.Read(ref _state) / Holder;

    /// <summary>A hold, which <see cref="End"/> ends.</summary>
    /// <exception cref="ObjectDisposedException">The owner has ended it.</exception>
    public void Take()
    {
        if (!TryTake())
        {
            throw new ObjectDisposedException(
                name, $"{name} is not open any more: it was unloaded, or its host, runtime or pool has ended. Load it again to go on.");
        }
    }

    /// <summary>A hold, which <see cref="End"/> ends; false where the owner has ended it.</summary>
    public bool TryTake()
    {
        for (var state = Volatile.Read(ref _state); (state & Closed) == 0; state = Volatile.Read(ref _state))
        {
            if (Interlocked.CompareExchange(ref _state, state + Holder, state) == state)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Ends a hold.</summary>
    public void End()
    {
        var state = Interlocked.Add(ref _state, -Holder);
        Debug.Assert(state >= 0, "A hold was ended twice.");
        if (state == Closed)
        {
            free();
        }
    }

    /// <summary>Runs something that needs a hold for no longer than it takes.</summary>
    /// <exception cref="ObjectDisposedException">The owner has ended it.</exception>
    public T Use<T>(Func<T> use)
    {
        Take();
        try
        {
            return use();
        }
        finally
        {
            End();
        }
    }

    /// <summary>The owner's end. Idempotent.</summary>
    public void Close()
    {
        if (Interlocked.Or(ref _state, Closed) == 0)
        {
            free();
        }
    }
}
