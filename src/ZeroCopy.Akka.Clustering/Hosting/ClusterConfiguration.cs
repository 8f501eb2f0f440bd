using System.Globalization;
using Akka.Configuration;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Trust;

namespace ZeroCopy.Clustering.Hosting;

/// <summary>The settings under <c>akka</c> that make an actor system a node of the cluster.</summary>
public static class ClusterConfiguration
{
    /// <summary>
    /// What goes under the HOCON of an actor system that exchanges the messages of a cluster and has neither
    /// <see cref="Clients.ClusterClient"/> nor a node, which bring it themselves: the serializers of all messages, and every default under
    /// <c>zerocopy</c>.
    /// </summary>
    public static Config Reference { get; } = ClusterHocon.Reference.WithFallback(ZeroCopySettings.Reference);

    /// <summary>
    /// Completes an actor system's settings: where it is reached is what <c>zerocopy.cluster</c> says, over anything under <c>akka</c>; all
    /// else that a node needs of Akka goes under what the settings say themselves. With certificates the system needs
    /// <see cref="NodeTrust.RemotingSetup"/> too.
    /// </summary>
    /// <exception cref="InvalidSettingsException">Settings under <c>zerocopy</c> are wrong.</exception>
    public static Config Complete(Config config) => Complete(config, ZeroCopySettings.From(config));

    /// <summary>As <see cref="Complete(Config)"/>, of settings that were read already.</summary>
    public static Config Complete(Config config, ZeroCopySettings settings)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(settings);
        return Over(settings.Cluster, config).WithFallback(config).WithFallback(Under(settings));
    }

    private static Config Over(ClusterSettings cluster, Config config)
    {
        var tcp = new Dictionary<string, object>
        {
            ["hostname"] = cluster.BindHost,
            ["public-hostname"] = cluster.Host,
            ["port"] = cluster.Port,
            ["enable-ssl"] = cluster.Tls.IsOn ? "on" : "off",
        };
        var remote = new Dictionary<string, object> { ["dot-netty"] = new { tcp } };
        if (cluster.Tls.IsOn)
        {
            const string Adapters = "applied-adapters";
            // No more than this of its name: what HOCON has to quote, such as a version, Akka does not read.
            var guard = $"{typeof(HandshakeGuard).FullName},{typeof(HandshakeGuard).Assembly.GetName().Name}";
            remote["adapters"] = new Dictionary<string, object> { [HandshakeGuard.Name] = guard };
            // The last of them is the one that has the transport itself.
            tcp[Adapters] = config.GetStringList($"akka.remote.dot-netty.tcp.{Adapters}", []).Append(HandshakeGuard.Name).ToArray();
        }

        return ConfigurationFactory.FromObject(new
        {
            akka = new
            {
                actor = new { provider = "cluster" },
                remote,
                cluster = new { roles = cluster.Roles },
            },
        });
    }

    private static Config Under(ZeroCopySettings settings)
    {
        // Running calls have ended with HTTP where a node has it, so Akka's own phase has their time once more at most.
        var drain = settings.Inference.DrainTimeout + TimeSpan.FromSeconds(1);
        var leave = settings.Cluster.LeaveTimeout;
        return ConfigurationFactory.ParseString($$"""
            akka {
              # Lost nodes are said by the cluster, and by who calls them, in a line each: not with each message that does not arrive.
              log-dead-letters = off
              remote {
                log-remote-lifecycle-events = off
                # A connection that broke is made anew within the time that the split brain resolver waits: two members that each reach
                # all others, but not each other, are removed both.
                retry-gate-closed-for = 1s
                dot-netty.tcp.connection-timeout = 5s
              }
              cluster {
                # By which members of other versions of the product are told.
                app-version = "{{ProductVersion.AppVersion}}"
                # A member that is lost without a word is removed by those who are more than half; they who are not end.
                downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
                split-brain-resolver {
                  active-strategy = keep-majority
                  stable-after = 10s
                }
                # A member is made one within a fraction of a second instead of two.
                periodic-tasks-initial-delay = 50ms
                gossip-interval = 500ms
                leader-actions-interval = 250ms
              }
              coordinated-shutdown {
                phases {
                  before-service-unbind.timeout = {{Text(leave / 2)}}
                  service-requests-done.timeout = {{Text(drain)}}
                  cluster-sharding-shutdown-region.timeout = {{Text(leave / 8)}}
                  cluster-leave.timeout = {{Text(leave / 8)}}
                  cluster-exiting.timeout = {{Text(leave / 8)}}
                  actor-system-terminate.timeout = {{Text(leave / 8)}}
                }
              }
            }
            """);
    }

    private static string Text(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (long)time.TotalMilliseconds)}ms");
}
