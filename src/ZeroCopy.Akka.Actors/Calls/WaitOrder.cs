using System.Collections.Immutable;

namespace ZeroCopy.Actors.Calls;

/// <summary>
/// Keeps those that wait for each other in an order: one may wait for another where that one never waits for it, by whatever way.
/// Thread-safe.
/// </summary>
/// <remarks>
/// An actor runs one call at a time, and calls are bound to their actors: where a pool's function waits for a call that is behind it, or
/// behind one that waits for it, none of them ever ends. Where no way leads back, the last one on every way is answered, and so are all
/// before it. Whether calls would really meet depends on the load, so the order holds for all of them.
/// </remarks>
internal sealed class WaitOrder
{
    private static readonly Lock Gate = new();

    private ImmutableArray<WeakReference<WaitOrder>> _others = [];

    /// <summary>Notes that this one waits for the other; false where the other waits for this one already.</summary>
    public bool TryFor(WaitOrder other)
    {
        if (Knows(other))
        {
            return true;
        }

        lock (Gate)
        {
            if (other.Reaches(this))
            {
                return false;
            }

            if (!Knows(other))
            {
                // Without those that are gone.
                _others = [.. _others.Where(known => known.TryGetTarget(out _)), new(other)];
            }

            return true;
        }
    }

    private bool Knows(WaitOrder other)
    {
        foreach (var known in _others)
        {
            if (known.TryGetTarget(out var order) && order == other)
            {
                return true;
            }
        }

        return false;
    }

    private bool Reaches(WaitOrder other) =>
        this == other || _others.Any(known => known.TryGetTarget(out var next) && next.Reaches(other));
}
