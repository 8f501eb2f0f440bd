using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Node.Service;

/// <summary>The models that a node has loaded before it is ready: those of its declared pools. Thread-safe.</summary>
internal sealed class WarmModels(IEndpointDirectory endpoints, ZeroCopySettings settings, ILogger<WarmModels> logger) : IHealthCheck
{
    /// <summary>Healthy while each can be called.</summary>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problems = await ProblemsAsync(cancellationToken).ConfigureAwait(false);
        return problems.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(string.Join(" ", problems));
    }

    /// <summary>Waits until each was loaded. The log says what is waited for, each time that it is something else.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        // Not disposed: one more change may be on its way while the handler is taken off.
        var changed = new SemaphoreSlim(0);
        endpoints.Changed += OnChanged;
        try
        {
            var told = "";
            while (await ProblemsAsync(cancellationToken).ConfigureAwait(false) is { Count: > 0 } problems)
            {
                var reason = string.Join(" ", problems);
                if (reason != told)
                {
                    logger.LogWarning("Not ready: {Reason}", reason);
                    told = reason;
                }

                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            endpoints.Changed -= OnChanged;
        }

        void OnChanged()
        {
            if (changed.CurrentCount == 0)
            {
                changed.Release();
            }
        }
    }

    private async Task<List<string>> ProblemsAsync(CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var (name, pool) in settings.Inference.Pools)
        {
            if (pool.Model is not { } model)
            {
                continue;
            }

            var endpoint = await endpoints.FindAsync(name, null, cancellationToken).ConfigureAwait(false);
            if (endpoint is not { State: EndpointState.Ready })
            {
                problems.Add(endpoint?.LastError is { } error
                    ? $"Model {model} of pool {name} is not loaded: {error}" : $"Model {model} of pool {name} is being loaded.");
            }
        }

        return problems;
    }
}
