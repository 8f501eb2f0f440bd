namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// Lets a few models load at a time, in the order in which they were called for: where hundreds are called for the first time at once,
/// calls of those that are loaded go on between them. One that loads for long gives its turn up, and goes on. Thread-safe.
/// </summary>
/// <param name="count">How many load at a time.</param>
/// <param name="clock">Behind what is long.</param>
internal sealed class LoadTurns(int count, TimeProvider clock)
{
    /// <summary>After it a model is in nobody's way any more.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _free = new(count);

    /// <summary>As many as leave a processor to calls.</summary>
    public static int Default => Math.Max(Environment.ProcessorCount - 1, 1);

    /// <summary>Waits for a turn, which whoever gets it ends.</summary>
    public async Task<Turn> TakeAsync()
    {
        await _free.WaitAsync().ConfigureAwait(false);
        return new Turn(_free, clock);
    }

    /// <summary>The right to load a model now.</summary>
    public sealed class Turn
    {
        private readonly SemaphoreSlim _free;
        private readonly ITimer _late;
        private int _ended;

        internal Turn(SemaphoreSlim free, TimeProvider clock)
        {
            _free = free;
            _late = clock.CreateTimer(static turn => ((Turn)turn!).End(), this, Longest, Timeout.InfiniteTimeSpan);
        }

        /// <summary>The next one's turn, where it is not yet.</summary>
        public void End()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                _late?.Dispose();
                _free.Release();
            }
        }
    }
}
