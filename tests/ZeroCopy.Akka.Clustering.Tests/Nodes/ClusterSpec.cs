using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Nodes on loopback in one process, each with a store of its own.</summary>
public abstract class ClusterSpec : IAsyncLifetime
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private protected TemporaryDirectory Files { get; } = new();

    private protected List<TestNode> Nodes { get; } = [];

    /// <summary>The time of the nodes' stores; null for the system's.</summary>
    private protected virtual TimeProvider? Clock => null;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var node in Nodes.AsEnumerable().Reverse())
        {
            await node.DisposeAsync();
        }

        Files.Dispose();
    }

    /// <summary>Two nodes that hold different models as contract@1: the first one's is served, and known everywhere first.</summary>
    private protected async Task<(TestNode First, TestNode Second, ModelHandle Model)> PutTwoAsync(bool lowestFirst)
    {
        await StartAsync();
        await StartAsync();
        var ordered = Nodes.OrderBy(node => node.Address == Nodes.Min(other => other.Address) == lowestFirst ? 0 : 1).ToArray();
        var model = await PutAsync(ordered[0], "contract", 1);
        foreach (var node in Nodes)
        {
            Assert.Equal(3, await CallAsync(await Eventually.FindAsync(node.Cluster.Endpoints, "contract")));
        }

        await PutAsync(ordered[1], "contract", 11);
        await Eventually.TrueAsync(
            ordered[0].Cluster.Endpoints, async () => (await StatusAsync(ordered[0])).Models.Length == 2, "both models are known");
        return (ordered[0], ordered[1], model);
    }

    private protected static async Task<NodeReply.ClusterStatus> StatusAsync(TestNode node) =>
        await node.Cluster.Node.Ask<NodeReply.ClusterStatus>(new NodeQuery.ClusterStatus(1), Patience);

    /// <summary>One more survey of a node, which waits for others for another time.</summary>
    private protected static ClusterSurvey Survey(TestNode node, TimeSpan limit) => new(
        node.System, new NodeTable(),
        new RouteTable((props, name) => node.System.ActorOf(props, $"{name}-of-the-spec"), node.System.Log, "it is over"), limit);

    private protected static async Task<NodeReply> RemoveAsync(TestNode node) => await node.Cluster.Node.Ask<NodeReply>(
        new NodeQuery.Remove(ModelName.Parse("contract"), Everywhere: true, 1), Patience);

    /// <summary>Has a node receive a model from those that hold it.</summary>
    private protected async Task<NodeReply> ReceiveAsync(TestNode node, string name, ModelHandle model)
    {
        var sources = Nodes.Select(source => source.Transfer);
        return await node.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Receive(ModelName.Parse(name), model.Id, [.. sources], "", 1), Patience);
    }

    private protected async Task<TestNode> StartAsync(string hocon = "", long capacity = 0)
    {
        var node = await TestNode.StartAsync(Files.File($"store{Nodes.Count}"), Nodes.FirstOrDefault(), hocon, capacity, Clock);
        Nodes.Add(node);
        return node;
    }

    /// <summary>Puts a script that adds a number to its input, as the next version of a name.</summary>
    private protected Task<ModelHandle> PutAsync(TestNode node, string name, int added, int words = 0) =>
        PutAsync(node.Host.Runtime, name, added, words);

    private protected async Task<ModelHandle> PutAsync(TorchRuntime runtime, string name, int added, int words = 0)
    {
        var path = Files.File($"{name}{added}.pt");
        ScriptText.Save(path, $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return torch.add(x, {added})
              # {string.Concat(Enumerable.Repeat("word ", words / 5))}
            """);
        return await runtime.PutFileAsync(path, new PutOptions { Name = ModelName.Parse(name) });
    }

    private protected static async Task<float> CallAsync(IModelEndpoint endpoint)
    {
        using var answer = await CallOnceAsync(endpoint);
        return FirstOf(answer);
    }

    private protected static Task<ModelAnswer> CallOnceAsync(IModelEndpoint endpoint) => endpoint.CallAsync(
        "", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [2], 1))], new CallOptions { Deadline = Patience });

    private protected static float FirstOf(ModelAnswer answer) => answer.Outputs[0].Tensor.Values<float>()[0];

    private protected static async Task<TReply> AskAsync<TReply>(TestNode node, Func<long, EntityRequest> request)
    {
        var reply = await node.Cluster.Node.Ask<EntityReply>(request(1), Patience);
        return reply is TReply wanted ? wanted : throw new InvalidOperationException(reply.ToString());
    }
}
