using System.Collections.Concurrent;
using Akka.Event;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>What the endpoints of a node's models share. Thread-safe.</summary>
/// <param name="opener">Opens models.</param>
/// <param name="starter">Starts their pools.</param>
/// <param name="withdrawals">Names that get no further calls.</param>
/// <param name="clock">Behind deadlines and idle times.</param>
/// <param name="log">Gets what no call can tell.</param>
/// <param name="changed">Runs when the state of an endpoint of a name may have changed, on any thread.</param>
internal sealed class ServingContext(
    IModelOpener opener, PoolStarter starter, Withdrawals withdrawals, TimeProvider clock, ILoggingAdapter log, Action<string> changed)
{
    private readonly ConcurrentDictionary<string, InferencePool> _pools = new(StringComparer.Ordinal);
    private volatile bool _closed;
    private long _started;
    private int _ended;

    public IModelOpener Opener => opener;

    public Withdrawals Withdrawals => withdrawals;

    public TimeProvider Clock => clock;

    public ILoggingAdapter Log => log;

    /// <summary>When models load.</summary>
    public LoadTurns Turns { get; } = new(LoadTurns.Default, clock);

    /// <summary>The pools that run, old versions that still have calls among them.</summary>
    public IEnumerable<InferencePool> Pools => _pools.Values;

    /// <summary>Whether no more pools are started.</summary>
    public bool IsClosed => _closed;

    /// <summary>Starts no more pools.</summary>
    public void Close() => _closed = true;

    public void Changed(string name) => changed(name);

    /// <summary>Gives back what pools that have ended since the last time left behind.</summary>
    public void ReleaseMemory()
    {
        if (Interlocked.Exchange(ref _ended, 0) != 0)
        {
            opener.ReleaseMemory();
        }
    }

    /// <summary>Starts a pool, whose actor has a name of its own: two of one name run while one takes over from the other.</summary>
    /// <exception cref="InferenceException">The node shuts down: <see cref="InferenceFailure.ShuttingDown"/>.</exception>
    public async Task<InferencePool> StartAsync(PoolPlan plan, Action onStopped)
    {
        ThrowIfClosed(plan.Name);
        var actor = $"{plan.Name}.{Interlocked.Increment(ref _started)}";
        var pool = await starter.StartAsync(plan with { ActorName = actor }, Stopped).ConfigureAwait(false);
        pool.Changed += () => Changed(plan.Model);
        _pools[actor] = pool;
        if (pool.IsClosed)
        {
            // It may have stopped before it was noted.
            _pools.TryRemove(actor, out _);
        }

        if (_closed)
        {
            // Closed meanwhile, and whoever drains the pools may not have seen this one.
            await pool.DrainAsync().ConfigureAwait(false);
            ThrowIfClosed(plan.Name);
        }

        return pool;

        void Stopped()
        {
            _pools.TryRemove(actor, out _);
            onStopped();
            Volatile.Write(ref _ended, 1);
            Changed(plan.Model);
        }
    }

    /// <exception cref="InferenceException">The node shuts down: <see cref="InferenceFailure.ShuttingDown"/>.</exception>
    public void ThrowIfClosed(string name)
    {
        if (_closed)
        {
            throw new InferenceException(InferenceFailure.ShuttingDown, $"{name} is not served any more: this node shuts down.")
            {
                NeverRan = true,
            };
        }
    }
}
