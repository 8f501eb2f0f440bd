using System.Globalization;
using Akka.Actor;
using ZeroCopy.Bench.Scripts;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Clustering;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>A cluster of one node in a worker process, with models that compute next to nothing, and an echo beside them.</summary>
internal sealed class BenchNode
{
    /// <summary>Answers with as many bytes as it gets.</summary>
    public const string Same = "same";

    /// <summary>Takes an image, and answers with three numbers.</summary>
    public const string Image = "image";

    private BenchNode(ActorSystem system, ZeroCopyHost host) => (System, Host) = (system, host);

    private ActorSystem System { get; }

    private ZeroCopyHost Host { get; }

    /// <summary>What a worker process can be told: to be a node, and to be it no longer.</summary>
    public static IReadOnlyList<WorkerVerb> Verbs { get; } =
    [
        new("node-start", async (worker, arguments, token) =>
        {
            var node = await StartAsync(arguments[0], Worker.Number(arguments[1]), token).ConfigureAwait(false);
            worker.Kept(() => node);
            return Akka.Cluster.Cluster.Get(node.System).SelfAddress.ToString();
        }),
        new("node-end", async (worker, _, _) =>
        {
            var node = worker.Kept<BenchNode>(() => throw new InvalidOperationException("There is no node."));
            await node.Host.DisposeAsync().ConfigureAwait(false);
            await node.System.Terminate().ConfigureAwait(false);
            return "";
        }),
    ];

    /// <summary>Remoting as the suite has it, with frames of that many bytes.</summary>
    public static string Hocon(string provider, int frame) => string.Create(CultureInfo.InvariantCulture, $$"""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = {{provider}}
          cluster.roles = [inference]
          remote.dot-netty.tcp {
            hostname = "127.0.0.1", port = 0
            maximum-frame-size = {{frame}}b, send-buffer-size = {{2 * frame}}b, receive-buffer-size = {{2 * frame}}b
          }
          coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        }
        zerocopy.inference.refresh-interval = 50ms
        """);

    private static async Task<BenchNode> StartAsync(string directory, int frame, CancellationToken cancellationToken)
    {
        var system = ActorSystem.Create("zerocopy", Hocon("cluster", frame));
        system.ActorOf(Props.Create<EchoActor>(), EchoActor.Name);
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = Path.Combine(directory, "store") },
            ActorSystem = system,
        });
        ZeroCopyCluster.Start(system, new NodeOptions { Transfer = new Uri("http://127.0.0.1:1") });
        var cluster = Akka.Cluster.Cluster.Get(system);
        await cluster.JoinAsync(cluster.SelfAddress, cancellationToken).ConfigureAwait(false);
        await PutAsync(host, directory, Same, "return torch.add(argument_1, 1)", cancellationToken).ConfigureAwait(false);
        await PutAsync(host, directory, Image, "return torch.select(torch.select(argument_1, 3, 0), 2, 0)", cancellationToken)
            .ConfigureAwait(false);
        return new BenchNode(system, host);
    }

    private static async Task PutAsync(
        ZeroCopyHost host, string directory, string name, string code, CancellationToken cancellationToken)
    {
        var path = Path.Combine(directory, $"{name}.pt");
        TracedArchive.Write(path, new TracedModule(name, "argument_1: Tensor", "Tensor", code));
        await host.Runtime.PutFileAsync(path, new PutOptions { Name = ModelName.Parse(name) }, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
    }
}
