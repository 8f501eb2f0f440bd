using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Hosting;
using ZeroCopy.Clustering.Trust;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Hosting;

public sealed class ClusterHostingSpecs : IDisposable
{
    /// <summary>A port that nobody listens on.</summary>
    private const string Nobody = "127.0.0.1:1";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(2));

    public void Dispose()
    {
        _patience.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_make_a_cluster_of_one_without_seeds()
    {
        await using var node = await ClusterApplication.StartAsync();

        await node.Membership.JoinAsync(_patience.Token);
        await ZeroCopyCluster.For(node.System).Found.WaitAsync(_patience.Token);

        Assert.Null(node.Membership.Problem);
        Assert.Equal(HealthStatus.Healthy, await node.HealthAsync());
        Assert.Equal(["inference"], Cluster.Get(node.System).SelfRoles);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_join_by_the_first_seed_that_answers()
    {
        await using var first = await ClusterApplication.StartAsync();

        await using var second = await ClusterApplication.StartAsync($"""seeds = ["{Nobody}", "{first.Address}"]""");

        await second.Membership.JoinAsync(_patience.Token);
        Assert.Equal(2, Cluster.Get(second.System).State.Members.Count);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_find_nodes_where_discovery_knows_them()
    {
        var (one, other) = (FreePort(), FreePort());
        var known = $"""
            akka.discovery.config.services.zerocopy.endpoints = ["127.0.0.1:{one}", "127.0.0.1:{other}"]
            akka.cluster.seed-node-timeout = 500ms
            """;
        await using var first = await ClusterApplication.StartAsync(Discovery(one), hocon: known);
        await using var second = await ClusterApplication.StartAsync(Discovery(other), hocon: known);

        await first.Membership.JoinAsync(_patience.Token);
        await second.Membership.JoinAsync(_patience.Token);

        Assert.Equal(2, Cluster.Get(second.System).State.Members.Count);

        static string Discovery(int port) => $"""
            port = {port}
            discovery.method = config
            """;
    }

    [Theory]
    [InlineData(MemberStatus.Up, true)]
    [InlineData(MemberStatus.WeaklyUp, false)]
    [InlineData(MemberStatus.Joining, false)]
    [InlineData(MemberStatus.Leaving, false)]
    [InlineData(MemberStatus.Exiting, false)]
    [InlineData(MemberStatus.Down, false)]
    [InlineData(MemberStatus.Removed, false)]
    public void ClusterMembership_should_be_well_where_the_node_is_up_alone(MemberStatus self, bool isWell) =>
        Assert.Equal(isWell, ClusterMembership.ProblemOf(self) is null);

    [Fact]
    public async Task ClusterMembership_should_refuse_a_discovery_that_the_settings_do_not_have()
    {
        await using var node = await ClusterApplication.StartAsync("discovery.method = nope");

        var refused = await Assert.ThrowsAsync<ClusterJoinFailedException>(() => node.Membership.JoinAsync(_patience.Token));

        Assert.StartsWith(
            "akka.discovery.nope cannot be used (zerocopy.cluster.discovery.method): ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterMembership_should_say_every_ten_seconds_that_no_seed_has_answered()
    {
        var clock = new FakeTimeProvider();
        await using var node = await ClusterApplication.StartAsync($"""seeds = ["{Nobody}"]""", clock);

        Assert.Equal(HealthStatus.Unhealthy, await node.HealthAsync());
        Assert.Equal("The node is not a member of the cluster yet.", node.Membership.Problem);
        foreach (var seconds in new[] { 10, 20 })
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            Assert.Contains(
                $"none of akka.tcp://zerocopy@{Nobody} (zerocopy.cluster.seeds) has let",
                await node.LogsAsync($"Not a member of the cluster for {seconds} s now", _patience.Token), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ClusterMembership_should_refuse_a_version_that_does_not_work_with_that_of_the_members()
    {
        await using var first = await ClusterApplication.StartAsync(hocon: "akka.cluster.app-version = 0.7.3-zerocopy");
        await using var other = await ClusterApplication.StartAsync(Seed(first), hocon: "akka.cluster.app-version = 0.8.0-zerocopy");

        var refused = await Assert.ThrowsAsync<ClusterJoinFailedException>(() => other.Membership.JoinAsync(_patience.Token));

        Assert.StartsWith("This node runs version 0.8.0 of ZeroCopy.Akka and ", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{first.Address} version 0.7.3", refused.Message, StringComparison.Ordinal);
        await first.LogsAsync($"Exiting confirmed [akka.tcp://zerocopy@{other.Address}]", _patience.Token);
        await first.Membership.JoinAsync(_patience.Token);
        await using var alike = await ClusterApplication.StartAsync(Seed(first), hocon: "akka.cluster.app-version = 0.7.9-zerocopy");
        await alike.Membership.JoinAsync(_patience.Token);
        // The one that was refused may be on its way out yet.
        using var timer = new PeriodicTimer(Interval);
        while (Cluster.Get(alike.System).State.Members.Any(member => $"{member.Address.Host}:{member.Address.Port}" == other.Address))
        {
            await timer.WaitForNextTickAsync(_patience.Token);
        }

        Assert.Equal(2, Cluster.Get(alike.System).State.Members.Count);
    }

    [Fact]
    public async Task ClusterMembership_should_say_that_a_seed_belongs_to_another_cluster()
    {
        var clock = new FakeTimeProvider();
        await using var first = await ClusterApplication.StartAsync();
        await using var other = await ClusterApplication.StartAsync();
        await using var node = await ClusterApplication.StartAsync($"""seeds = ["{first.Address}", "{other.Address}"]""", clock);
        await node.Membership.JoinAsync(_patience.Token);

        var line = await AdviceAsync(node, clock, "there are two clusters");
        var stranger = Cluster.Get(first.System).State.Members.Count == 2 ? other : first;
        Assert.Contains($"akka.tcp://zerocopy@{stranger.Address} is a seed of this node", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterMembership_should_say_that_a_node_that_discovery_knows_belongs_to_another_cluster()
    {
        var clock = new FakeTimeProvider();
        await using var other = await ClusterApplication.StartAsync();
        await other.Membership.JoinAsync(_patience.Token);
        var port = FreePort();
        await using var node = await ClusterApplication.StartAsync(
            $"""
            port = {port}
            discovery.method = config
            """,
            clock,
            $"""
            akka.discovery.config.services.zerocopy.endpoints = ["127.0.0.1:{port}", "{other.Address}"]
            akka.cluster.seed-node-timeout = 500ms
            """);
        // Before discovery has said anything, so that there are two.
        var cluster = Cluster.Get(node.System);
        cluster.Join(cluster.SelfAddress);
        await node.Membership.JoinAsync(_patience.Token);

        var line = await AdviceAsync(node, clock, "there are two clusters");

        Assert.Contains($"akka.tcp://zerocopy@{other.Address} is a seed of this node", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterMembership_should_say_that_one_of_two_nodes_takes_the_other_with_it()
    {
        var clock = new FakeTimeProvider();
        await using var first = await ClusterApplication.StartAsync();
        await using var second = await ClusterApplication.StartAsync(Seed(first), clock);
        await second.Membership.JoinAsync(_patience.Token);

        var line = await AdviceAsync(second, clock, "The cluster has two nodes");
        var higher = new[] { first, second }.Select(node => Cluster.Get(node.System).SelfAddress).MaxBy(address => address.Port);
        Assert.Contains($"{higher} ends too", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_let_in_nodes_of_its_authorities_alone()
    {
        using var authority = new TestAuthority(_directory.Path);
        using var strangers = new TestAuthority(_directory.Path);
        await using var first = await ClusterApplication.StartAsync(Tls(authority, authority));

        await using var friend = await ClusterApplication.StartAsync(Tls(authority, authority) + Seed(first));
        await friend.Membership.JoinAsync(_patience.Token);
        await using var stranger = await ClusterApplication.StartAsync(Tls(strangers, authority) + Seed(first));

        var refusal = await first.LogsAsync("which is not of this cluster (zerocopy.cluster.tls.authorities): ", _patience.Token);
        Assert.Contains("certificate CN=node-1", refusal, StringComparison.Ordinal);
        Assert.Equal(2, Cluster.Get(first.System).State.Members.Count);
        Assert.NotNull(stranger.Membership.Problem);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_refuse_peers_that_have_expired_or_speak_no_TLS()
    {
        using var authority = new TestAuthority(_directory.Path);
        await using var node = await ClusterApplication.StartAsync(Tls(authority, authority));
        var (certificate, key) = authority.Give(isExpired: true);
        using var expired = X509Certificate2.CreateFromPemFile(certificate, key);
        var port = Cluster.Get(node.System).SelfAddress.Port!.Value;

        using (var peer = new TcpClient("127.0.0.1", port))
        await using (var tls = new SslStream(peer.GetStream()))
        {
            // By TLS 1.3 the node's refusal comes behind its own part of the handshake.
            await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    LocalCertificateSelectionCallback = (_, _, _, _, _) => expired,
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
                },
                _patience.Token));
            var refusal = await node.LogsAsync($"certificate {expired.Subject}, ", _patience.Token);
            Assert.Contains("expired", refusal, StringComparison.Ordinal);
            await node.LogsAsync($"Rejected incoming connection from [{peer.Client.LocalEndPoint}] ", _patience.Token);
        }

        using (var peer = new TcpClient("127.0.0.1", port))
        {
            await peer.GetStream().WriteAsync("plain words"u8.ToArray(), _patience.Token);
            await node.LogsAsync($"Rejected incoming connection from [{peer.Client.LocalEndPoint}] ", _patience.Token);
        }

        Assert.Single(Cluster.Get(node.System).State.Members);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_try_on_where_handshakes_with_seeds_fail()
    {
        using var authority = new TestAuthority(_directory.Path);
        await using var mute = new FalsePeer([]);
        await using var plain = new FalsePeer("plain words"u8.ToArray());
        var port = FreePort();
        await using var node = await ClusterApplication.StartAsync(
            $"""
            {Tls(authority, authority)}
            seeds = ["{mute.Address}", "{plain.Address}", "127.0.0.1:{port}"]
            """,
            hocon: "akka.cluster.seed-node-timeout = 500ms");

        foreach (var peer in new[] { mute, plain })
        {
            // It comes again only behind a handshake that has failed.
            await FailedAsync(peer, node);
            await FailedAsync(peer, node);
            await node.LogsAsync($"No connection to {peer.Address} (zerocopy.cluster.tls): ", _patience.Token);
        }

        Assert.Equal("The node is not a member of the cluster yet.", node.Membership.Problem);
        await using var first = await ClusterApplication.StartAsync($"""
            {Tls(authority, authority)}
            port = {port}
            """);
        await node.Membership.JoinAsync(_patience.Token);
        Assert.Null(CoordinatedShutdown.Get(node.System).ShutdownReason);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_stay_a_member_where_handshakes_with_seeds_fail()
    {
        using var authority = new TestAuthority(_directory.Path);
        using var strangers = new TestAuthority(_directory.Path);
        await using var mute = new FalsePeer([]);
        await using var stranger = await ClusterApplication.StartAsync(Tls(strangers, authority));
        var port = FreePort();
        await using var node = await ClusterApplication.StartAsync(
            $"""
            {Tls(authority, authority)}
            port = {port}
            seeds = ["127.0.0.1:{port}", "{mute.Address}", "{stranger.Address}"]
            """,
            hocon: "akka.cluster.seed-node-timeout = 500ms");
        await node.Membership.JoinAsync(_patience.Token);

        await ReachAsync(node, mute.Address, Task.WhenAll(FailedAsync(mute, node), FailedAsync(mute, node), FailedAsync(mute, node)));
        var refusal = node.LogsAsync($"Refused ssl.tcp://zerocopy@{stranger.Address}, which is not of this cluster", _patience.Token);
        await ReachAsync(node, stranger.Address, refusal);
        // Behind that it is known that the handshake has failed.
        await node.LogsAsync($"No connection to {stranger.Address} (zerocopy.cluster.tls): ", _patience.Token);

        Assert.Contains("certificate CN=node-1", await refusal, StringComparison.Ordinal);
        Assert.Null(CoordinatedShutdown.Get(node.System).ShutdownReason);
        Assert.Null(node.Membership.Problem);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_refuse_certificates_that_cannot_be_read() =>
        await Assert.ThrowsAsync<TrustException>(() => ClusterApplication.StartAsync("tls.certificate = none.pem"));

    [Fact]
    public async Task WithZeroCopyCluster_should_refuse_a_certificate_of_its_own_that_has_expired()
    {
        using var authority = new TestAuthority(_directory.Path);

        var refused = await Assert.ThrowsAsync<TrustException>(
            () => ClusterApplication.StartAsync(Tls(authority, authority, isExpired: true)));

        Assert.Contains("expired on 1970-01-03 (zerocopy.cluster.tls.certificate)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithZeroCopyCluster_should_refuse_settings_that_are_wrong() =>
        await Assert.ThrowsAsync<InvalidSettingsException>(() => ClusterApplication.StartAsync("prot = 1"));

    /// <summary>
    /// What a node's log says after one of its looks at the members, each a minute behind the last: they may come up behind the first.
    /// </summary>
    private async Task<string> AdviceAsync(ClusterApplication node, FakeTimeProvider clock, string words)
    {
        var line = node.LogsAsync(words, _patience.Token);
        using var timer = new PeriodicTimer(Interval);
        while (!line.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await timer.WaitForNextTickAsync(_patience.Token);
        }

        return await line;
    }

    /// <summary>Has a node try to reach an address until what comes of it has come.</summary>
    private async Task ReachAsync(ClusterApplication node, string address, Task until)
    {
        using var timer = new PeriodicTimer(Interval);
        while (!until.IsCompleted)
        {
            node.System.ActorSelection($"akka.ssl.tcp://zerocopy@{address}/user/nobody").Tell("hello");
            await timer.WaitForNextTickAsync(_patience.Token);
        }

        await until;
    }

    /// <summary>Waits until a handshake of a node with the peer has failed; fails where the node ends.</summary>
    private async Task FailedAsync(FalsePeer peer, ClusterApplication node)
    {
        var failed = peer.FailedAsync(_patience.Token);
        await Task.WhenAny(failed, node.System.WhenTerminated);
        Assert.False(node.System.WhenTerminated.IsCompleted, $"{CoordinatedShutdown.Get(node.System).ShutdownReason} ended the node.");
        await failed;
    }

    /// <summary>A port that nobody has right now, for what has to be known before it starts.</summary>
    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string Seed(ClusterApplication node) => $"""

        seeds = ["{node.Address}"]
        """;

    private static string Tls(TestAuthority giver, TestAuthority believed, bool isExpired = false)
    {
        var (certificate, key) = giver.Give(isExpired);
        return $$"""tls { certificate = "{{certificate}}", key = "{{key}}", authorities = "{{believed.File}}" }""";
    }
}
