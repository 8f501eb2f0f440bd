using Akka.Configuration;
using ZeroCopy.Clustering.Hosting;

namespace ZeroCopy.Clustering.Tests.Hosting;

public sealed class ClusterConfigurationSpecs
{
    [Fact]
    public void ClusterConfiguration_should_say_where_the_node_is_over_what_akka_has()
    {
        var config = ClusterConfiguration.Complete("""
            akka {
              actor.provider = local
              cluster.roles = [other]
              remote.dot-netty.tcp { hostname = other, port = 1, send-buffer-size = 7 }
            }
            zerocopy.cluster { host = node-1, bind-host = 0.0.0.0, port = 0, roles = [inference, gpu], tls.certificate = node.pem }
            """);

        Assert.Equal("cluster", config.GetString("akka.actor.provider"));
        Assert.Equal(["inference", "gpu"], config.GetStringList("akka.cluster.roles"));
        var tcp = config.GetConfig("akka.remote.dot-netty.tcp");
        Assert.Equal(
            ("0.0.0.0", "node-1", 0, 7, true),
            (tcp.GetString("hostname"), tcp.GetString("public-hostname"), tcp.GetInt("port"), tcp.GetInt("send-buffer-size"),
                tcp.GetBoolean("enable-ssl")));
    }

    [Fact]
    public void ClusterConfiguration_should_remove_lost_members_unless_the_settings_say_how()
    {
        const string Strategy = "akka.cluster.split-brain-resolver.active-strategy";

        Assert.Equal("keep-majority", ClusterConfiguration.Complete(Config.Empty).GetString(Strategy));
        Assert.Equal("keep-oldest", ClusterConfiguration.Complete($"{Strategy} = keep-oldest").GetString(Strategy));
    }

    [Fact]
    public void ClusterConfiguration_should_guard_handshakes_beside_adapters_of_the_settings()
    {
        const string Adapters = "akka.remote.dot-netty.tcp.applied-adapters";

        Assert.False(ClusterConfiguration.Complete(Config.Empty).HasPath(Adapters));
        Assert.Equal(
            ["trttl", "zerocopy-handshake"],
            ClusterConfiguration.Complete($"{Adapters} = [trttl], zerocopy.cluster.tls.certificate = node.pem").GetStringList(Adapters));
    }

    [Fact]
    public void ClusterConfiguration_should_share_out_the_time_for_leaving()
    {
        var phases = ClusterConfiguration.Complete("zerocopy { cluster.leave-timeout = 8s, inference.drain-timeout = 2s }")
            .GetConfig("akka.coordinated-shutdown.phases");

        Assert.Equal(TimeSpan.FromSeconds(3), phases.GetTimeSpan("service-requests-done.timeout"));
        Assert.Equal(TimeSpan.FromSeconds(4), phases.GetTimeSpan("before-service-unbind.timeout"));
        Assert.Equal(TimeSpan.FromSeconds(1), phases.GetTimeSpan("cluster-exiting.timeout"));
    }
}
