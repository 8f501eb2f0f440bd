using System.CommandLine;
using System.Numerics;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Service;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy node</c>: serves the models of the store until it is told to end.</summary>
internal sealed class RunNodeCommand : NodeCommand
{
    private readonly Option<string?> _config = new("--config") { Description = "A HOCON file over the defaults.", HelpName = "FILE" };

    private readonly Option<string?> _host = new("--host")
    {
        Description = "Name or address of this host, as others reach it (default: zerocopy.cluster.host).",
        HelpName = "HOST",
    };

    private readonly Option<BigInteger?> _port = Port("--port", "Port of the cluster", "zerocopy.cluster.port");

    private readonly Option<BigInteger?> _http = Port("--http", "Port of HTTP", "zerocopy.serving.port");

    private readonly Option<BigInteger?> _grpc = Port("--grpc", "Port of gRPC", "zerocopy.serving.grpc-port");

    private readonly Option<string[]> _seed = new("--seed")
    {
        Description =
            "Address of a node of the cluster to join, HOST:PORT. May be repeated: one that answers is enough (default: "
            + "zerocopy.cluster.seeds; none: a cluster of its own).",
        HelpName = "ADDRESS",
        CustomParser = NodeAddressParser.ParseAll,
    };

    private readonly Option<string[]> _serve = new("--serve")
    {
        Description = "A model that is loaded before the node is ready, as a pool of its name. May be repeated.",
        HelpName = "NAME[@VERSION]",
        CustomParser = ModelNameParser.ParseAll,
    };

    public RunNodeCommand()
        : base(
            "node",
            "Serve the models of the store until a signal ends it: SIGTERM and Ctrl-C let running calls finish, a second one does not.",
            "zerocopy node --http 8080 --serve detector")
    {
        Options.Add(_config);
        Options.Add(_host);
        Options.Add(_port);
        Options.Add(_http);
        Options.Add(_grpc);
        Options.Add(_seed);
        Options.Add(_serve);
        Options.Add(GlobalOptions.Models);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        NodeConfiguration configuration;
        try
        {
            configuration = NodeConfiguration.Read(Request(context));
        }
        catch (NodeStartException e)
        {
            foreach (var problem in e.Problems)
            {
                context.Error.WriteLine($"zerocopy: {PlainText.Of(problem.ReplaceLineEndings(" "))}.");
            }

            return ExitCode.Failure;
        }

        return await RunAsync(configuration, context, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(NodeConfiguration configuration, CommandContext context, CancellationToken signal)
    {
        var events = new NodeEvents(context.Output, context.Json);
        NodeApplication node;
        try
        {
            node = await NodeApplication.StartAsync(configuration, context.Json, signal).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (signal.IsCancellationRequested)
        {
            events.Stopped();
            return ExitCode.Success;
        }

        await using (node.ConfigureAwait(false))
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(signal, node.Stopping);
            try
            {
                await node.WarmAsync(end.Token).ConfigureAwait(false);
                events.Ready(node.Address, node.Http, node.Grpc);
                await Task.Delay(Timeout.InfiniteTimeSpan, end.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // The end, while the node was ready or before.
            }

            node.Drain();
            events.Draining();
            await node.StopAsync().ConfigureAwait(false);
            events.Stopped();
            return signal.IsCancellationRequested ? ExitCode.Success : throw new NodeEndedException(node.EndReason);
        }
    }

    private NodeRequest Request(CommandContext context) => new()
    {
        ConfigFile = context.Get(_config) is { } file ? Path.GetFullPath(file) : null,
        StoreDirectory = context.StoreDirectory,
        Host = context.Get(_host),
        Port = PortOf(context, _port),
        HttpPort = PortOf(context, _http),
        Seeds = [.. NodeAddressParser.Within(_seed.Name, context.Get(_seed))],
        GrpcPort = PortOf(context, _grpc),
        Serve = [.. context.Get(_serve).Select(model => ModelNameParser.Name(model))],
        Models = [.. context.Get(GlobalOptions.Models)],
    };

    private static Option<BigInteger?> Port(string name, string description, string setting) => new(name)
    {
        Description = $"{description}; 0 for any free one (default: {setting}).",
        HelpName = "PORT",
        CustomParser = WholeNumber.ParseOptional,
    };

    private static int? PortOf(CommandContext context, Option<BigInteger?> option) =>
        WholeNumber.Within(option, context.Get(option), 0, (int)ushort.MaxValue);
}
