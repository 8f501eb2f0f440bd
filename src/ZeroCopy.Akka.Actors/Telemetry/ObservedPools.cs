using System.Diagnostics.Metrics;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>The sizes of the pools of this process, looked at when somebody measures. Thread-safe.</summary>
internal static class ObservedPools
{
    private static readonly Observed<Entry> Pools = new();

    static ObservedPools()
    {
        Instruments.Meter.CreateObservableUpDownCounter(
            "zerocopy.actors", Count, "{actor}", "Actors of pools, by whether they have their model.");
        Instruments.Meter.CreateObservableUpDownCounter(
            "zerocopy.calls.capacity", Capacity, "{call}", "Calls that pools queue or run before they refuse others.");
    }

    /// <summary>Measures a pool until the result is disposed.</summary>
    public static IDisposable Add(ModelTelemetry model, ModelId? id, int capacity, Func<int> actors, Func<int> ready) =>
        Pools.Add(new Entry(model, id, capacity, actors, ready));

    /// <summary>Actors that have a model of the store, of all pools.</summary>
    public static int ReadyActors(ModelId model) => Pools.Where(pool => pool.Id == model).Sum(pool => pool.Ready());

    private static IEnumerable<Measurement<long>> Count() =>
        from model in ByModel()
        let ready = model.Sum(pool => pool.Ready())
        from measured in new[]
        {
            model.First().Model.Measure(ready, "state", "ready"),
            model.First().Model.Measure(Math.Max(0, model.Sum(pool => pool.Actors()) - ready), "state", "loading"),
        }
        select measured;

    private static IEnumerable<Measurement<long>> Capacity() =>
        ByModel().Select(model => model.First().Model.Measure(model.Sum(pool => (long)pool.Capacity)));

    // Two pools of one model run while one takes over from the other.
    private static IEnumerable<IGrouping<(string Model, string Version), Entry>> ByModel() =>
        Pools.GroupBy(pool => (pool.Model.Model, pool.Model.Version));

    private sealed record Entry(ModelTelemetry Model, ModelId? Id, int Capacity, Func<int> Actors, Func<int> Ready);
}
