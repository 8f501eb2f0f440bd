using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Trust;
using ZeroCopy.Errors;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Service;

namespace ZeroCopy.Node.Remote;

/// <summary>A command's way to a node: an actor system of its own with remoting, which is no member of the cluster.</summary>
internal sealed class NodeConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(1);

    private NodeConnection(ActorSystem system, ClusterSettings settings, NodeTrust? trust, NodeClient node)
    {
        System = system;
        Settings = settings;
        Trust = trust;
        Node = node;
    }

    public ActorSystem System { get; }

    /// <summary>Those of the command's file, with the address of this host that the node reaches.</summary>
    public ClusterSettings Settings { get; }

    /// <summary>Null where connections are plain.</summary>
    public NodeTrust? Trust { get; }

    /// <summary>The node that answered first.</summary>
    public NodeClient Node { get; }

    /// <summary>Connects to one of the nodes that the command names.</summary>
    /// <exception cref="InvalidSettingsException">The file of <c>--config</c> is wrong.</exception>
    /// <exception cref="TrustException">A certificate cannot be used.</exception>
    /// <exception cref="InferenceException">None of them answers.</exception>
    public static async Task<NodeConnection> OpenAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var (config, settings) = ReadConfig(context);
        var nodes = context.Nodes
            .Select(text => NodeAddress.TryParse(text, settings.Tls.IsOn, out var address) ? address : null!).ToImmutableArray();
        var host = OwnAddress(nodes[0]);
        settings = settings with { Host = host, BindHost = host, Transfer = settings.Transfer with { Port = 0 } };
        var trust = NodeTrust.Open(settings.Tls);
        var system = Start(config, settings, trust, context.Verbose);
        try
        {
            var node = await FirstAsync(system, nodes, trust is not null, cancellationToken).ConfigureAwait(false);
            return new NodeConnection(system, settings, trust, node);
        }
        catch
        {
            await system.Terminate().ConfigureAwait(false);
            trust?.Dispose();
            throw;
        }
    }

    /// <summary>Calls to the node. The caller disposes it.</summary>
    public Task<InferenceClient> CallsAsync(CancellationToken cancellationToken) =>
        InferenceClient.ConnectAsync(System, Node.Node, Patience, cancellationToken: cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await System.Terminate().ConfigureAwait(false);
        Trust?.Dispose();
    }

    private static (Config Config, ClusterSettings Settings) ReadConfig(CommandContext context)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var config = context.Get(GlobalOptions.Config) is { } file ? HoconFile.Read(Path.GetFullPath(file), problems) : Config.Empty;
        var settings = ZeroCopySettings.Read(config, problems).Cluster;
        return problems.Count == 0 ? (config, settings) : throw new InvalidSettingsException(problems.ToImmutable());
    }

    /// <summary>The address of this host on the way to a node; nothing is sent for it.</summary>
    private static string OwnAddress(Address node)
    {
        try
        {
            using var socket = new Socket(SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(NodeAddress.Resolve(node.Host), node.Port!.Value);
            var address = ((IPEndPoint)socket.LocalEndPoint!).Address;
            return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        }
        catch (SocketException e)
        {
            throw new InferenceException(
                InferenceFailure.Unreachable, $"There is no way to {node.Host}:{node.Port} from here: {e.Message}", e);
        }
    }

    private static ActorSystem Start(Config config, ClusterSettings settings, NodeTrust? trust, bool verbose)
    {
        var tcp = new Dictionary<string, object>
        {
            ["hostname"] = settings.BindHost,
            ["public-hostname"] = settings.Host,
            ["port"] = 0,
            ["enable-ssl"] = trust is null ? "off" : "on",
        };
        var own = ConfigurationFactory.FromObject(new
        {
            akka = new
            {
                actor = new { provider = "remote" },
                loglevel = verbose ? "INFO" : "OFF",
                remote = new Dictionary<string, object> { ["dot-netty"] = new { tcp } },
            },
        });
        var quiet = ConfigurationFactory.ParseString("""
            akka {
              stdout-loglevel = OFF
              coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
            }
            """);
        var setup = BootstrapSetup.Create().WithConfig(own.WithFallback(config).WithFallback(quiet));
        return ActorSystem.Create(
            "zerocopy-command",
            trust is null ? ActorSystemSetup.Create(setup) : ActorSystemSetup.Create(setup, trust.RemotingSetup()));
    }

    private static async Task<NodeClient> FirstAsync(
        ActorSystem system, ImmutableArray<Address> nodes, bool isTls, CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        await foreach (var asked in Task.WhenEach(
            nodes.Select(node => NodeClient.ConnectAsync(system, node, Patience, cancellationToken))).ConfigureAwait(false))
        {
            try
            {
                return await asked.ConfigureAwait(false);
            }
            catch (InferenceException e)
            {
                failures.Add(e.Message);
            }
        }

        if (await ListensAsync(nodes, cancellationToken).ConfigureAwait(false))
        {
            failures.Add(isTls
                ? "Something listens there: is it a node whose cluster has no TLS, or trusts other certificates?"
                : "Something listens there: is it no node, or one of a cluster with TLS (zerocopy.cluster.tls)? Then --config has to name "
                    + "a file with the same. Or is the node called otherwise (zerocopy.cluster.host, --host)?");
        }

        throw new InferenceException(InferenceFailure.Unreachable, string.Join(" ", failures));
    }

    /// <summary>Whether a connection to the first of them is taken.</summary>
    private static async Task<bool> ListensAsync(ImmutableArray<Address> nodes, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(ConnectTime);
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(nodes[0].Host, nodes[0].Port!.Value, late.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }
}
