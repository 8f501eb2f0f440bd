using System.Collections.Concurrent;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Calls;

/// <summary>How many calls of each model this server has answered since it started, and how long they took. Thread-safe.</summary>
internal sealed class ModelStatistics(TimeProvider clock)
{
    private readonly ConcurrentDictionary<(string Name, string Version), CallCounts> _counts = new();

    /// <summary>The counts of an endpoint's version.</summary>
    public CallCounts Of(IModelEndpoint endpoint) => Of(endpoint, endpoint.Version);

    /// <summary>The counts of the version that answered.</summary>
    public CallCounts Of(IModelEndpoint endpoint, int? version) =>
        _counts.GetOrAdd((endpoint.Name, ModelVersion.Text(version)), static (_, clock) => new CallCounts(clock), clock);
}
