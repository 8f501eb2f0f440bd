using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Clustering.Trust;

namespace ZeroCopy.Clustering.Hosting;

/// <summary>A node of the cluster in an application that hosts Akka.NET.</summary>
public static class ClusterHosting
{
    /// <summary>
    /// Makes the actor system a node of the cluster, as <c>zerocopy.cluster</c> says in the HOCON that the builder has: completes its
    /// settings under <c>akka</c> (see <see cref="ClusterConfiguration"/>), gives remoting its certificates, serves its store to other
    /// nodes, and joins as soon as the system has started, without waiting for it. A health check <c>zerocopy-member</c> with the tag
    /// <c>ready</c> is healthy while the node is a member. Call it behind what brings HOCON and the host.
    /// </summary>
    /// <param name="builder">The actor system's builder.</param>
    /// <param name="http">Where the node's models are called over HTTP, which is told to the others; null for nowhere.</param>
    /// <param name="grpc">Where they are by gRPC; null for nowhere.</param>
    /// <exception cref="InvalidSettingsException">Settings under <c>zerocopy</c> are wrong.</exception>
    /// <exception cref="TrustException">A certificate cannot be used, or has expired.</exception>
    public static AkkaConfigurationBuilder WithZeroCopyCluster(this AkkaConfigurationBuilder builder, Uri? http = null, Uri? grpc = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var given = builder.Configuration.GetOrElse(Config.Empty);
        var settings = ZeroCopySettings.From(given);
        var trust = NodeTrust.Open(settings.Cluster.Tls);
        if (trust is not null)
        {
            if (trust.Expiry(settings.Cluster.Tls, TimeProvider.System.GetUtcNow()) is { } expiry)
            {
                throw new TrustException(expiry);
            }

            builder.AddSetup(trust.RemotingSetup());
        }

        return builder
            .AddHocon(ClusterConfiguration.Complete(given, settings), HoconAddMode.Replace)
            .AddStartup((system, _) => StartAsync(system, settings.Cluster, trust, http, grpc))
            .WithHealthCheck(
                "zerocopy-member", (system, _, _) => Task.FromResult(Check(system)), HealthStatus.Unhealthy, ["zerocopy", "ready"]);
    }

    private static async Task StartAsync(
        ActorSystem system, Actors.Settings.ClusterSettings settings, NodeTrust? trust, Uri? http, Uri? grpc)
    {
        var log = Logging.GetLogger(system, typeof(TransferListener));
        var store = ZeroCopySystem.For(system).OpenStore();
        var listener = await TransferListener.StartAsync(store, settings, trust, log).ConfigureAwait(false);
        // As long as others may receive what they lack from here, and before the store is closed.
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "zerocopy-transfer", async () =>
        {
            await listener.DisposeAsync().ConfigureAwait(false);
            return Akka.Done.Instance;
        });
        ZeroCopyCluster.Start(system, new NodeOptions
        {
            Transfer = listener.Address,
            Http = http,
            Grpc = grpc,
            CreateClient = () => TransferClient.Create(trust),
        });
        _ = ClusterMembership.For(system).JoinAsync().ContinueWith(
            joined => log.Warning(joined.Exception!.InnerException, "Not a member of the cluster"),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
    }

    private static HealthCheckResult Check(ActorSystem system) =>
        ClusterMembership.For(system).Problem is { } problem ? HealthCheckResult.Unhealthy(problem)
            : !ZeroCopyCluster.For(system).Found.IsCompleted
                ? HealthCheckResult.Unhealthy("The node does not find the models of the cluster yet.")
                : HealthCheckResult.Healthy();
}
