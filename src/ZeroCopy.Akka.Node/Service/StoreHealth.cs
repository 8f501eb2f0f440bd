using Microsoft.Extensions.Diagnostics.HealthChecks;
using ZeroCopy.Errors;

namespace ZeroCopy.Node.Service;

/// <summary>Whether the store's directory is there. Without it models that are loaded answer on, and no other one can be loaded.</summary>
internal sealed class StoreHealth(ZeroCopyHost host) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            host.Store.GetFreeBytes();
            return Task.FromResult(HealthCheckResult.Healthy());
        }
        catch (StoreUnavailableException gone)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy(gone.Message));
        }
    }
}
