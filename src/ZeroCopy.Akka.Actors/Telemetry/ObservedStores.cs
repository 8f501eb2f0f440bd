using System.Diagnostics.Metrics;
using System.Globalization;
using ZeroCopy.Errors;
using ZeroCopy.Store;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>
/// The stores of this process, looked at when somebody measures: there is no count that could differ from their own lists. Thread-safe.
/// </summary>
internal static class ObservedStores
{
    private static readonly Observed<ObjectStore> Stores = new();

    static ObservedStores()
    {
        var meter = Instruments.Meter;
        meter.CreateObservableUpDownCounter("zerocopy.leases", Leases, "{lease}", "Leases that this process holds, by holder.");
        meter.CreateObservableUpDownCounter("zerocopy.store.usage", Usage, "By", "Bytes of the store, by what they are.");
        meter.CreateObservableUpDownCounter(
            "zerocopy.store.unshared", Unshared, "By", "Bytes that the store's models would take if they shared no blocks.");
        meter.CreateObservableUpDownCounter(
            "zerocopy.store.copies", Copies, "By",
            "Bytes that the further actors of the process would take if each had its model by itself, for models with several.");
        meter.CreateObservableUpDownCounter("zerocopy.store.blocks", AllBlocks, "{block}", "Blocks of the store's models, each once.");
        meter.CreateObservableUpDownCounter(
            "zerocopy.store.model.size", Sizes, "By", "Bytes of a model's blocks, by whether other models have them too.");
        meter.CreateObservableUpDownCounter(
            "zerocopy.store.model.blocks", Blocks, "{block}", "Blocks of a model, by whether other models have them too.");
    }

    /// <summary>Measures a store until the result is disposed.</summary>
    public static IDisposable Add(ObjectStore store) => Stores.Add(store);

    private static IEnumerable<Measurement<long>> Leases() => Stores.Distinct().SelectMany(store => store.ListLeases())
        .GroupBy(lease => lease.Holder, lease => lease.Leases, StringComparer.Ordinal)
        .Select(holder => new Measurement<long>(holder.Sum(), new KeyValuePair<string, object?>("holder", holder.Key)));

    private static IEnumerable<Measurement<long>> Usage() => Statistics().SelectMany(sizes => new[]
    {
        Of(sizes, sizes.LiveBytes, "live"),
        Of(sizes, sizes.DeadBytes, "dead"),
        Of(sizes, sizes.TemporaryBytes, "temporary"),
        Of(sizes, sizes.FreeBytes, "free"),
    });

    private static IEnumerable<Measurement<long>> Unshared() => ByStore(sizes => sizes.LogicalBytes);

    private static IEnumerable<Measurement<long>> Copies() => Read<Measurement<long>>(store =>
    [
        new(
            store.GetSharing().Sum(model => model.Bytes * Math.Max(0, ObservedPools.ReadyActors(model.Id) - 1)),
            new KeyValuePair<string, object?>("store", store.Options.Directory)),
    ]);

    private static IEnumerable<Measurement<long>> AllBlocks() => ByStore(sizes => sizes.Blocks);

    private static IEnumerable<Measurement<long>> Sizes() => ByModel(model => (model.Bytes - model.SharedBytes, model.SharedBytes));

    private static IEnumerable<Measurement<long>> Blocks() => ByModel(model => (model.Blocks - model.SharedBlocks, model.SharedBlocks));

    private static IEnumerable<Measurement<long>> ByStore(Func<StoreStatistics, long> read) => Statistics()
        .Select(sizes => new Measurement<long>(read(sizes), new KeyValuePair<string, object?>("store", sizes.Directory)));

    private static IEnumerable<Measurement<long>> ByModel(Func<ModelSharing, (long Own, long Shared)> read) =>
        from model in Read<ModelSharing>(store => store.GetSharing())
        from name in Called(model)
        let values = read(model)
        from measured in new[] { Of(name.Name, name.Version, values.Own, "own"), Of(name.Name, name.Version, values.Shared, "shared") }
        select measured;

    private static IEnumerable<(string Name, int? Version)> Called(ModelSharing model) => model.Names.IsEmpty
        ? [(model.Id.ToString()[..12], null)] : model.Names.Select(name => (name.Name, name.Version));

    private static IEnumerable<StoreStatistics> Statistics() => Read<StoreStatistics>(store => [store.GetStatistics()]);

    // Several objects of one process may have the same store open.
    private static IEnumerable<T> Read<T>(Func<ObjectStore, IReadOnlyList<T>> read) =>
        Stores.DistinctBy(store => store.Options.Directory, StringComparer.Ordinal).SelectMany(store =>
        {
            try
            {
                return read(store);
            }
            catch (Exception e) when (
                e is ObjectDisposedException or StoreUnavailableException or IOException or UnauthorizedAccessException)
            {
                // Closed meanwhile, its directory is gone, or somebody holds its lock: the other stores are measured all the same.
                return [];
            }
        });

    private static Measurement<long> Of(StoreStatistics store, long value, string state) =>
        new(value, [new("store", store.Directory), new("state", state)]);

    private static Measurement<long> Of(string model, int? version, long value, string sharing) => new(
        value,
        [new("model", model), new("version", version?.ToString(CultureInfo.InvariantCulture) ?? ""), new("sharing", sharing)]);
}
