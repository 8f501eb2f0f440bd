using System.Collections.Concurrent;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Calls;

/// <summary>How many calls of each model this server has answered since it started, and how long they took. Thread-safe.</summary>
internal sealed class ModelStatistics(TimeProvider clock)
{
    /// <summary>
    /// Models come and go: with this many, the one that was answered longest ago, or never, is counted from zero when it is called again.
    /// </summary>
    internal const int Most = 4096;

    private readonly ConcurrentDictionary<(string Name, string Version), CallCounts> _counts = new();

    /// <summary>The counts of an endpoint's version.</summary>
    public CallCounts Of(IModelEndpoint endpoint) => Of(endpoint, endpoint.Version);

    /// <summary>The counts of the version that answered.</summary>
    public CallCounts Of(IModelEndpoint endpoint, int? version)
    {
        var model = (endpoint.Name, ModelVersion.Text(version));
        if (_counts.TryGetValue(model, out var known))
        {
            return known;
        }

        if (_counts.Count >= Most)
        {
            _counts.TryRemove(_counts.MinBy(counted => counted.Value.Read().LastMilliseconds));
        }

        return _counts.GetOrAdd(model, static (_, clock) => new CallCounts(clock), clock);
    }
}
