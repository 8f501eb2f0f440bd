using System.Collections.Immutable;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// Tells an instance that fails from input that does: the first fails in a row while the pool's other actors answer. Thread-safe.
/// </summary>
internal sealed class PoolFailures(int limit)
{
    private readonly int _limit = limit;
    private ImmutableArray<OfActor> _actors = [];

    /// <summary>For an actor that starts.</summary>
    public OfActor Join()
    {
        var actor = new OfActor(this);
        ImmutableInterlocked.Update(ref _actors, static (actors, actor) => actors.Add(actor), actor);
        return actor;
    }

    /// <summary>For one that stops.</summary>
    public void Leave(OfActor actor) => ImmutableInterlocked.Update(ref _actors, static (actors, actor) => actors.Remove(actor), actor);

    private (long Answered, long Failed) Others(OfActor than)
    {
        var (answered, failed) = (0L, 0L);
        foreach (var actor in _actors)
        {
            if (actor != than)
            {
                answered += Volatile.Read(ref actor.Answered);
                failed += Volatile.Read(ref actor.Failed);
            }
        }

        return (answered, failed);
    }

    /// <summary>
    /// Those of one actor, which alone notes them: a count that all shared would have their processors wait for each other.
    /// </summary>
    internal sealed class OfActor(PoolFailures pool)
    {
        // Of the others, those that fail one call in so many or more are as bad.
        private const int Rare = 4;

        internal long Answered;
        internal long Failed;
        private (long Answered, long Failed) _othersBefore;
        private int _needed = pool._limit;

        /// <summary>Failures since the last answer.</summary>
        public int InARow { get; private set; }

        /// <summary>How many there were when the instance was condemned last.</summary>
        public int Condemned { get; private set; }

        public void NoteAnswer()
        {
            Volatile.Write(ref Answered, Answered + 1);
            InARow = 0;
            _needed = pool._limit;
        }

        public void NoteFailure()
        {
            if (InARow++ == 0)
            {
                _othersBefore = pool.Others(than: this);
            }

            Volatile.Write(ref Failed, Failed + 1);
        }

        /// <summary>
        /// Whether the instance is to be made anew; it then takes twice as many failures until the next time, if that does not help.
        /// </summary>
        public bool TryCondemn()
        {
            if (_needed == 0 || InARow < _needed)
            {
                return false;
            }

            var (answered, failed) = pool.Others(than: this);
            if (answered - _othersBefore.Answered < pool._limit
                || (failed - _othersBefore.Failed) * Rare > answered - _othersBefore.Answered)
            {
                return false;
            }

            Condemned = InARow;
            InARow = 0;
            _needed = (int)Math.Min(2L * _needed, int.MaxValue);
            return true;
        }
    }
}
