using System.Diagnostics.Metrics;
using System.Globalization;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>The models that this process serves by itself, looked at when somebody measures. Thread-safe.</summary>
internal static class ObservedModels
{
    /// <summary>Characters of an error, which is a tag of its own: metrics are no log.</summary>
    private const int LongestError = 200;

    private static readonly Observed<Func<IEnumerable<(IModelEndpoint Model, bool HasPool)>>> Directories = new();

    static ObservedModels()
    {
        Instruments.Meter.CreateObservableUpDownCounter(
            "zerocopy.models.state", States, "{model}", "1 for the state that a model is in: idle, loading, ready or failed.");
        Instruments.Meter.CreateObservableUpDownCounter(
            "zerocopy.models.error", Errors, "{model}", "1 for the last error of a model that has one.");
    }

    /// <summary>Measures models until the result is disposed.</summary>
    /// <param name="list">The models, and whether each has a pool.</param>
    public static IDisposable Add(Func<IEnumerable<(IModelEndpoint Model, bool HasPool)>> list) => Directories.Add(list);

    private static IEnumerable<Measurement<int>> States() => Models().Select(served => Of(served.Model, "state", served.Model.State switch
    {
        EndpointState.Ready => served.HasPool ? "ready" : "idle",
        EndpointState.Loading => "loading",
        _ => "failed",
    }));

    private static IEnumerable<Measurement<int>> Errors() =>
        from served in Models()
        let error = served.Model.LastError
        where error is not null
        select Of(served.Model, "error", error.Length <= LongestError ? error : $"{error[..LongestError]}…");

    // Several actor systems of one process may serve the same model.
    private static IEnumerable<(IModelEndpoint Model, bool HasPool)> Models() =>
        Directories.SelectMany(list => list()).DistinctBy(served => (served.Model.Name, served.Model.Version));

    private static Measurement<int> Of(IModelEndpoint model, string tag, string text) => new(
        1,
        [new("model", model.Name), new("version", model.Version?.ToString(CultureInfo.InvariantCulture) ?? ""), new(tag, text)]);
}
