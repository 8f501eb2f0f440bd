using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Hosting;

/// <summary>ZeroCopy.Akka in an application that hosts Akka.NET.</summary>
public static class ZeroCopyHosting
{
    /// <summary>
    /// Adds the defaults to the configuration and starts the extension with the actor system. Its actors are registered as
    /// <see cref="ObjectStoreKey"/>. <paramref name="setup"/> gives a store or a clock.
    /// </summary>
    public static AkkaConfigurationBuilder WithZeroCopy(this AkkaConfigurationBuilder builder, ZeroCopySetup? setup = null)
    {
        if (setup is not null)
        {
            builder.AddSetup(setup);
        }

        return builder
            .AddHocon(ZeroCopySettings.Reference, HoconAddMode.Append)
            .WithActors((system, registry) => registry.Register<ObjectStoreKey>(ZeroCopySystem.For(system).ObjectStore));
    }

    /// <summary>
    /// Makes a pool when the actor system starts, and a health check <c>zerocopy-pool-NAME</c> that is healthy while an actor of it has its model.
    /// The pool is found as <c>ZeroCopySystem.For(system).Pool(name)</c>.
    /// </summary>
    /// <param name="builder">The actor system's builder.</param>
    /// <param name="name">Name of the pool.</param>
    /// <param name="source">The model; the provider gives services of the application.</param>
    /// <param name="function">What a call runs.</param>
    /// <param name="codec">Joins requests; needed where batching is on.</param>
    /// <param name="configure">Changes the settings that HOCON gives.</param>
    /// <param name="remote">Makes calls of other processes; needed where they are taken.</param>
    public static AkkaConfigurationBuilder WithInferencePool(
        this AkkaConfigurationBuilder builder, string name, Func<Akka.DependencyInjection.IDependencyResolver, IInstanceSource> source, ModelFunction function,
        IBatchCodec? codec = null, Func<PoolSettings, PoolSettings>? configure = null, IRemoteCodec? remote = null) => builder
            .AddStartup(async (system, _) =>
            {
                var resolver = Akka.DependencyInjection.DependencyResolver.For(system).Resolver;
                await ZeroCopySystem.For(system).CreatePoolAsync(name, source(resolver), function, codec, configure, remote).ConfigureAwait(false);
            })
            .WithHealthCheck($"zerocopy-pool-{name}", (system, _, _) => Task.FromResult(Check(system, name)), HealthStatus.Unhealthy, ["zerocopy", "ready"]);

    internal static HealthCheckResult Check(ActorSystem system, string name)
    {
        if (ZeroCopySystem.For(system).Pools.FirstOrDefault(pool => pool.Name == name) is not { } pool)
        {
            return HealthCheckResult.Unhealthy($"Pool {name} is not started.");
        }

        return pool.IsReady
            ? HealthCheckResult.Healthy($"{pool.ReadyActors} actor(s) of pool {name} have their model, {pool.Pending} call(s) pending.")
            : HealthCheckResult.Unhealthy($"No actor of pool {name} has its model.", pool.LastLoadError);
    }
}
