using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>The sizes of the pools of this process, looked at when somebody measures. Thread-safe.</summary>
internal static class ObservedPools
{
    private static ImmutableList<Entry> _pools = [];

    static ObservedPools() => Instruments.Meter.CreateObservableUpDownCounter(
        "zerocopy.actors", Count, "{actor}", "Actors of pools, by whether they have their model.");

    /// <summary>Counts a pool's actors until the result is disposed.</summary>
    public static IDisposable Add(ModelTelemetry model, Func<int> actors, Func<int> ready)
    {
        var entry = new Entry(model, actors, ready);
        ImmutableInterlocked.Update(ref _pools, static (pools, added) => pools.Add(added), entry);
        return entry;
    }

    // Two pools of one model run while one takes over from the other.
    private static IEnumerable<Measurement<long>> Count() =>
        from pool in _pools
        group pool by (pool.Model.Model, pool.Model.Version) into model
        let ready = model.Sum(pool => pool.Ready())
        from measured in new[]
        {
            model.First().Model.Measure(ready, "state", "ready"),
            model.First().Model.Measure(Math.Max(0, model.Sum(pool => pool.Actors()) - ready), "state", "loading"),
        }
        select measured;

    private sealed record Entry(ModelTelemetry Model, Func<int> Actors, Func<int> Ready) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref _pools, static (pools, gone) => pools.Remove(gone), this);
    }
}
