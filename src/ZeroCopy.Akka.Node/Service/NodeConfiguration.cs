using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Akka.Cluster.SBR;
using Akka.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Trust;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Node.Service;

/// <summary>
/// The settings of a node: the defaults, under the environment, the file and the options of the command line. Immutable.
/// </summary>
internal sealed class NodeConfiguration
{
    private NodeConfiguration(Config config, ZeroCopySettings settings, IPAddress address, ModelCatalog catalog)
    {
        Config = config;
        Settings = settings;
        Address = address;
        Catalog = catalog;
    }

    /// <summary>The actor system's.</summary>
    public Config Config { get; }

    /// <summary>What stands in it under <c>zerocopy</c>.</summary>
    public ZeroCopySettings Settings { get; }

    /// <summary>Where the node listens.</summary>
    public IPAddress Address { get; }

    /// <summary>What it is served with over TLS; null for none.</summary>
    public HttpsConnectionAdapterOptions? Tls { get; private init; }

    /// <summary>Model types that the node can build.</summary>
    public ModelCatalog Catalog { get; }

    /// <summary>Reads the settings and looks whether a node can start with them, before anything of it is started.</summary>
    /// <exception cref="NodeStartException">It cannot.</exception>
    public static NodeConfiguration Read(NodeRequest request)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var file = request.ConfigFile is { } path ? HoconFile.Read(path, problems) : Config.Empty;
        // The file's own mistakes are named also where an option would cover them.
        ZeroCopySettings.Read(file, problems);
        var config = NodeHocon.Over(file, request, problems);
        var settings = ReadSettings(config, problems);
        var cluster = settings.Cluster;
        var address = FindAddress(cluster.Host, "--host, zerocopy.cluster.host", problems);
        if (cluster.BindHost != cluster.Host)
        {
            address = FindAddress(cluster.BindHost, "zerocopy.cluster.bind-host", problems);
        }

        CheckPorts(
            address,
            [
                (cluster.Port, "--port, zerocopy.cluster.port"),
                (settings.Serving.Port, "--http, zerocopy.serving.port"),
                (settings.Serving.GrpcPort ?? 0, "--grpc, zerocopy.serving.grpc-port"),
                (cluster.Transfer.Port, "zerocopy.cluster.transfer.port"),
            ],
            problems);
        CheckSeeds(cluster, problems);
        Try(() => CheckDowning(config, problems), problems);
        Try(() => CheckTrust(cluster.Tls, problems), problems);
        var tls = settings.Serving.Tls is { } files ? LoadTls(files, problems) : null;
        var catalog = NodeModels.Create();
        foreach (var assembly in request.Models)
        {
            Try(() => catalog.RegisterFrom(assembly), problems);
        }

        // Opened last: a store is only made for a node that can start.
        if (problems.Count == 0 || ObjectStore.IsIn(settings.ObjectStore.Directory))
        {
            Try(() => ObjectStore.Open(settings.ObjectStore).Dispose(), problems);
        }

        return problems.Count == 0
            ? new NodeConfiguration(config, settings, address!, catalog) { Tls = tls }
            : throw new NodeStartException(problems.ToImmutable());
    }

    /// <summary>Reads what the options and the file say together; what is wrong with the file alone is known.</summary>
    private static ZeroCopySettings ReadSettings(Config config, ImmutableArray<string>.Builder problems)
    {
        var all = ImmutableArray.CreateBuilder<string>();
        var settings = ZeroCopySettings.Read(config, all);
        problems.AddRange(all.Except(problems));
        return settings;
    }

    private static void CheckTrust(TlsSettings settings, ImmutableArray<string>.Builder problems)
    {
        using var trust = NodeTrust.Open(settings);
        if (trust?.Expiry(settings, TimeProvider.System.GetUtcNow()) is { } expiry)
        {
            problems.Add(expiry);
        }
    }

    private static void CheckSeeds(ClusterSettings cluster, ImmutableArray<string>.Builder problems)
    {
        foreach (var seed in cluster.Seeds)
        {
            if (NodeAddress.TryParse(seed, cluster.Tls.IsOn, out var address) && address.System != NodeAddress.SystemName)
            {
                problems.Add(
                    $"seed '{seed}' is of an actor system called {address.System}, and nodes join those of {NodeAddress.SystemName} "
                    + "(--seed, zerocopy.cluster.seeds)");
            }
        }
    }

    /// <summary>Akka reads it while the actor system starts, and throws.</summary>
    private static void CheckDowning(Config config, ImmutableArray<string>.Builder problems)
    {
        const string Strategy = "akka.cluster.split-brain-resolver.active-strategy";
        var known = SplitBrainResolverSettings.AllStrategyNames;
        var provider = config.GetString("akka.cluster.downing-provider-class", null);
        if ((provider is null || Type.GetType(provider) == typeof(SplitBrainResolverProvider))
            && config.GetString(Strategy, null) is { } given
            && !known.Contains(given, StringComparer.OrdinalIgnoreCase))
        {
            problems.Add($"{Strategy} is '{given}' but must be one of {string.Join(", ", known.Order(StringComparer.Ordinal))}");
        }
    }

    private static IPAddress? FindAddress(string host, string setting, ImmutableArray<string>.Builder problems)
    {
        try
        {
            // One that is none is a problem of the settings already.
            return host.Length == 0 ? null : NodeAddress.Resolve(host);
        }
        catch (SocketException e)
        {
            problems.Add($"host '{host}' does not resolve ({setting}): {e.Message.TrimEnd('.')}");
            return null;
        }
    }

    private static HttpsConnectionAdapterOptions? LoadTls(ServingTlsSettings files, ImmutableArray<string>.Builder problems)
    {
        if (NodeTrust.KeyProblem(files.Certificate, files.Key, files.Password, "zerocopy.serving.tls") is { } problem)
        {
            problems.Add(problem);
            return null;
        }

        try
        {
            return NodeCertificate.Load(files);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            problems.Add($"the certificate cannot be read (zerocopy.serving.tls): {e.Message.TrimEnd('.')}");
            return null;
        }
    }

    private static void CheckPorts(
        IPAddress? address, IEnumerable<(int Number, string Setting)> ports, ImmutableArray<string>.Builder problems)
    {
        foreach (var same in ports.GroupBy(port => port.Number, port => port.Setting))
        {
            var settings = string.Join("; ", same);
            if (same.Key != 0 && same.Count() > 1)
            {
                problems.Add($"port {same.Key} is set more than once ({settings})");
            }

            if (address is not null)
            {
                TryPort(address, same.Key, settings, problems);
            }
        }
    }

    private static void TryPort(IPAddress address, int port, string setting, ImmutableArray<string>.Builder problems)
    {
        try
        {
            using var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(address, port));
            listener.Listen(1);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            problems.Add($"port {port} of {address} is in use ({setting})");
        }
        catch (SocketException e)
        {
            problems.Add($"port {port} of {address} cannot be listened on ({setting}): {e.Message.TrimEnd('.')}");
        }
    }

    private static void Try(Action action, ImmutableArray<string>.Builder problems)
    {
        try
        {
            action();
        }
        catch (ZeroCopyException e)
        {
            problems.Add(e.Message.TrimEnd('.'));
        }
    }
}
