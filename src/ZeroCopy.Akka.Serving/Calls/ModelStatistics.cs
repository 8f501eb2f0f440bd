using System.Collections.Concurrent;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Calls;

/// <summary>How many calls of each model this server has answered since it started, and how long they took. Thread-safe.</summary>
internal sealed class ModelStatistics(TimeProvider clock)
{
    /// <summary>
    /// Models come and go: with this many, the one whose last call is longest ago is counted from zero when it is called again.
    /// </summary>
    internal const int Most = 4096;

    private readonly ConcurrentDictionary<(string Name, string Version), CallCounts> _counts = new();

    /// <summary>What an endpoint's version has counted; zeros where it was never called. Only looks.</summary>
    public CallTotals Read(IModelEndpoint endpoint) =>
        _counts.TryGetValue(KeyOf(endpoint, endpoint.Version), out var counts) ? counts.Read() : default;

    /// <summary>Where calls of a version are counted, the one that answered or was to.</summary>
    public CallCounts Of(IModelEndpoint endpoint, int? version)
    {
        var model = KeyOf(endpoint, version);
        if (_counts.TryGetValue(model, out var known))
        {
            return known;
        }

        if (_counts.Count >= Most)
        {
            _counts.TryRemove(_counts.MinBy(counted => counted.Value.LastCall));
        }

        return _counts.GetOrAdd(model, static (_, clock) => new CallCounts(clock), clock);
    }

    private static (string Name, string Version) KeyOf(IModelEndpoint endpoint, int? version) =>
        (endpoint.Name, ModelVersion.Text(version));
}
