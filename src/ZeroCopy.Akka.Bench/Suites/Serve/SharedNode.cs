using System.Text.Json;
using Akka.Actor;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Suites.Remote;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Clustering;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Endpoints;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>
/// Twelve models in the store of one node, which a client outside of the cluster calls: pools of actors, with micro-batches.
/// </summary>
internal sealed class SharedNode : IMessageService
{
    private const string System = "zerocopy";

    private readonly WorkerProcess _process;
    private readonly ActorSystem _system;
    private readonly ClusterClient _client;
    private readonly NamedTensor[] _message;
    private readonly CallOptions _options;
    private IModelEndpoint[] _models = [];

    private SharedNode(WorkerProcess process, ActorSystem system, ClusterClient client, ServeSizes sizes)
    {
        (_process, _system, _client) = (process, system, client);
        var tokens = new long[sizes.Tokens];
        Array.Fill(tokens, 1);
        _message = [new NamedTensor("input_ids", HostTensor.From<long>(DType.Int64, tokens, 1, sizes.Tokens))];
        _options = new CallOptions { Deadline = sizes.TimeOutSeconds * sizes.Second };
    }

    /// <summary>What a worker process can be told: to be the node, and to be it no longer.</summary>
    public static IReadOnlyList<WorkerVerb> Verbs { get; } =
    [
        // FOLDER CONFIGURATION: answers with the node's address, and leaves the models as files in the folder.
        new("serve-start", async (worker, arguments, token) =>
        {
            var node = await StartNodeAsync(arguments[0], JsonSerializer.Deserialize<BertConfiguration>(arguments[1])!, token)
                .ConfigureAwait(false);
            worker.Kept(() => node);
            return node.Address.ToString();
        }),
        new("serve-end", async (worker, _, _) =>
        {
            var node = worker.Kept<Node>(() => throw new InvalidOperationException("There is no node."));
            await node.Host.DisposeAsync().ConfigureAwait(false);
            await node.System.Terminate().ConfigureAwait(false);
            return "";
        }),
    ];

    /// <summary>File of a checkpoint, which the node leaves behind.</summary>
    public static string File(string folder, int checkpoint) => Path.Combine(folder, $"{checkpoint}.dat");

    /// <param name="folder">Where its store is, and the models as files.</param>
    /// <param name="sizes">What it serves.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<SharedNode> StartAsync(string folder, ServeSizes sizes, CancellationToken cancellationToken)
    {
        var process = WorkerProcess.Start();
        var system = ActorSystem.Create(System, Hocon("remote"));
        SharedNode? node = null;
        try
        {
            var start = Verbs[0].With(folder, JsonSerializer.Serialize(sizes.Model));
            var address = await process.AskAsync(start, cancellationToken).ConfigureAwait(false);
            var client = await ClusterClient.ConnectAsync(system, [address], cancellationToken: cancellationToken).ConfigureAwait(false);
            node = new SharedNode(process, system, client, sizes);
            node._models = await node.FindAsync(cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            if (node is null)
            {
                await system.Terminate().ConfigureAwait(false);
                await process.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                await node.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    public async Task AnswerAsync(int model, CancellationToken cancellationToken) =>
        (await _models[model].CallAsync("", _message, _options, cancellationToken).ConfigureAwait(false)).Dispose();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _system.Terminate().ConfigureAwait(false);
        await _process.AskAsync(Verbs[1].With(), CancellationToken.None).ConfigureAwait(false);
        await _process.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<IModelEndpoint[]> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<IModelEndpoint>();
        foreach (var name in TwelveModels.Names)
        {
            found.Add(await KnownModel.FindAsync(_client, name, cancellationToken).ConfigureAwait(false));
        }

        return [.. found];
    }

    private static async Task<Node> StartNodeAsync(string folder, BertConfiguration configuration, CancellationToken cancellationToken)
    {
        var system = ActorSystem.Create(System, Hocon("cluster"));
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = Path.Combine(folder, "store") },
            Catalog = BuiltInModels.AddTo(new ModelCatalog()),
            ActorSystem = system,
        });
        await TwelveModels.PutAsync(
            host, configuration, (checkpoint, module) => module.save(File(folder, checkpoint)), cancellationToken).ConfigureAwait(false);
        ZeroCopyCluster.Start(system, new NodeOptions { Transfer = new Uri("http://127.0.0.1:1") });
        var cluster = Akka.Cluster.Cluster.Get(system);
        await cluster.JoinAsync(cluster.SelfAddress, cancellationToken).ConfigureAwait(false);
        return new Node(system, host, cluster.SelfAddress);
    }

    private static string Hocon(string provider) => $$"""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = {{provider}}
          cluster.roles = [inference]
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        }
        zerocopy.inference.pool-defaults.batching.enabled = on
        """;

    private sealed record Node(ActorSystem System, ZeroCopyHost Host, Address Address);
}
