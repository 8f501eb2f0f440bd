using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Runtime;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// The instances of one model: each is rented to one holder at a time, and what is returned waits for the next one, as many as there are
/// places. A rented instance, and one that is being made, holds the pool, see <see cref="Holds"/>: disposing it ends renting, and whoever
/// returns the last instance frees the rest. Thread-safe; to rent an idle one takes no lock.
/// </summary>
internal sealed class InstancePool<TTarget>
    where TTarget : class
{
    private readonly TTarget?[] _idle;
    private readonly Action<TTarget> _release;
    private readonly Action? _free;
    private readonly Holds _holds;
    private readonly Action<TTarget> _return;
    private readonly Action<TTarget> _discard;
    private readonly Action<TTarget> _leave;

    /// <summary>A pool without instances.</summary>
    /// <param name="name">The model, for errors.</param>
    /// <param name="maxIdle">Most instances that wait; further ones are released as they are returned.</param>
    /// <param name="release">Releases an instance's native memory. It must not throw.</param>
    /// <param name="free">Frees what instances were made of, behind the last of them. It must not throw.</param>
    public InstancePool(string name, int maxIdle, Action<TTarget> release, Action? free = null)
    {
        _idle = new TTarget?[maxIdle];
        _release = release;
        _free = free;
        _holds = new Holds(name, Free);
        _return = Return;
        _discard = Discard;
        _leave = _ => _holds.End();
    }

    public bool IsClosed => _holds.IsClosed;

    /// <summary>Whether exactly one instance is rented or being made, and nothing else goes on here.</summary>
    public bool HasOneHolder => _holds.Count == 1;

    /// <summary>An idle instance; false where none waits.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        _holds.Take();
        if (TakeIdle() is { } idle)
        {
            instance = new RentedInstance<TTarget>(idle, _return, _discard);
            return true;
        }

        _holds.End();
        instance = null;
        return false;
    }

    /// <summary>A new instance.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public IModelInstance RentNew(Func<TTarget> make) => Rent(make, _return, _discard);

    /// <summary>An instance that all its holders have at once: it is its maker's, and does not wait here.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public IModelInstance RentShared(Func<TTarget> shared) => Rent(shared, _leave, _leave);

    /// <summary>Makes something of what instances are made of, which is not freed meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public T Use<T>(Func<T> make) => _holds.Use(make);

    /// <summary>Ends renting and releases the idle instances. Idempotent.</summary>
    public void Dispose()
    {
        _holds.Close();
        ReleaseIdle();
    }

    private RentedInstance<TTarget> Rent(Func<TTarget> make, Action<TTarget> onReturn, Action<TTarget> onDiscard)
    {
        _holds.Take();
        try
        {
            return new RentedInstance<TTarget>(make(), onReturn, onDiscard);
        }
        catch
        {
            _holds.End();
            throw;
        }
    }

    private void Return(TTarget target)
    {
        // One that is put back just behind the end is released with the rest: this holder is not the last one yet.
        if (IsClosed || !TryPutBack(target))
        {
            _release(target);
        }

        _holds.End();
    }

    private void Discard(TTarget target)
    {
        _release(target);
        _holds.End();
    }

    private void Free()
    {
        ReleaseIdle();
        _free?.Invoke();
    }

    private void ReleaseIdle()
    {
        while (TakeIdle() is { } idle)
        {
            _release(idle);
        }
    }

    private TTarget? TakeIdle()
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Volatile.Read(ref _idle[i]) is not null && Interlocked.Exchange(ref _idle[i], null) is { } idle)
            {
                return idle;
            }
        }

        return null;
    }

    private bool TryPutBack(TTarget target)
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Volatile.Read(ref _idle[i]) is null && Interlocked.CompareExchange(ref _idle[i], target, null) is null)
            {
                return true;
            }
        }

        return false;
    }
}
