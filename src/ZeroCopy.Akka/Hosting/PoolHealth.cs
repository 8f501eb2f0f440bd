using Akka.Actor;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ZeroCopy.Actors;

namespace ZeroCopy.Hosting;

/// <summary>Whether a pool can answer: an actor of it has its model, and calls are taken.</summary>
internal static class PoolHealth
{
    public static HealthCheckResult Check(ActorSystem system, string name)
    {
        if (ZeroCopySystem.For(system).Pools.FirstOrDefault(pool => pool.Name == name) is not { } pool)
        {
            return HealthCheckResult.Unhealthy($"Pool {name} is not started.");
        }

        return pool.IsReady
            ? HealthCheckResult.Healthy($"{pool.ReadyActors} actor(s) of pool {name} have their model, {pool.Pending} call(s) pending.")
            : HealthCheckResult.Unhealthy(
                $"No actor of pool {name} has its model{(pool.LastLoadError is { } error ? $": {error.Message}" : ".")}",
                pool.LastLoadError);
    }
}
