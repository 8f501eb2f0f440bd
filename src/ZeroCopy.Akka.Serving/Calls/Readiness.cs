using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ZeroCopy.Serving.Calls;

/// <summary>
/// Whether calls are welcome: not while the application starts or stops, and while each of its health checks with the tag
/// <see cref="Tag"/> passes. Is the first of those checks itself, for the starting and stopping.
/// </summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime) : IHealthCheck
{
    /// <summary>The tag of the health checks that count.</summary>
    public const string Tag = "ready";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested
            ? HealthCheckResult.Unhealthy("The server is shutting down.")
            : lifetime.ApplicationStarted.IsCancellationRequested
                ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The server is starting."));

    /// <summary>Why calls are not welcome; null where they are.</summary>
    public static async Task<string?> ProblemAsync(HealthCheckService checks, CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(check => check.Tags.Contains(Tag), cancellationToken).ConfigureAwait(false);
        var failed = report.Entries.Where(entry => entry.Value.Status == HealthStatus.Unhealthy).ToList();
        return failed.Count == 0 ? null : string.Join(" ", failed.Select(entry => entry.Value.Description ?? entry.Key));
    }
}
