using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Nodes whose stores have room for two models, and a third one that has what they are to receive.</summary>
public sealed class EvictionSpecs : IAsyncLifetime
{
    private const int ModelBytes = 256 << 10;
    private const long Capacity = 3 * ModelBytes;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly ShiftedTime _clock = new();
    private readonly List<TestNode> _nodes = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _directory.Dispose();
    }

    [Fact]
    public async Task Nodes_that_need_room_at_once_should_leave_one_copy_of_what_both_hold()
    {
        var (source, one, other) = (await StartAsync(0), await StartAsync(Capacity), await StartAsync(Capacity));
        var (kept, wanted) = (await PutAsync(source, "kept", 1), await PutAsync(source, "wanted", 2));
        foreach (var node in new[] { one, other })
        {
            Assert.IsType<NodeReply.Opened>(await ReceiveAsync(node, "kept", kept));
            await PutAsync(node, "own", 4 + _nodes.IndexOf(node));
        }

        source.Host.Store.Remove(kept.Id);
        await Task.WhenAll(
            HasAsync(source, "wanted"), HasAsync(one, "kept", "own"), HasAsync(other, "kept", "own"));
        _clock.Shift += TimeSpan.FromMinutes(2);

        var replies = await Task.WhenAll(ReceiveAsync(one, "wanted", wanted), ReceiveAsync(other, "wanted", wanted));

        Assert.Single(replies.OfType<NodeReply.Opened>());
        Assert.Contains("has no room", Assert.Single(replies.OfType<NodeReply.Failed>()).Message, StringComparison.Ordinal);
        Assert.Single(new[] { one, other }, node => node.Host.Store.List().Any(model => model.Id == kept.Id));
    }

    [Fact]
    public async Task A_node_should_go_on_to_what_nobody_uses()
    {
        var (source, small) = (await StartAsync(0), await StartAsync(Capacity));
        var (used, unused, wanted) =
            (await PutAsync(source, "used", 1), await PutAsync(source, "unused", 2), await PutAsync(source, "wanted", 3));
        await HasAsync(source, "used", "unused", "wanted");
        Assert.IsType<NodeReply.Opened>(await ReceiveAsync(small, "used", used));
        _clock.Shift += TimeSpan.FromMinutes(1);
        Assert.IsType<NodeReply.Opened>(await ReceiveAsync(small, "unused", unused));
        _clock.Shift += TimeSpan.FromMinutes(2);

        // By another object, as by another process: this node cannot count it.
        using var another = ObjectStore.Open(new ObjectStoreOptions { Directory = small.Host.Store.Options.Directory });
        using (another.Acquire(used.Id, "the spec"))
        {
            File.SetLastWriteTimeUtc(ManifestOf(small, used.Id), DateTime.UnixEpoch);

            Assert.IsType<NodeReply.Opened>(await ReceiveAsync(small, "wanted", wanted));
        }

        Assert.Equal(
            new HashSet<ModelId> { used.Id, wanted.Id }, small.Host.Store.List().Select(model => model.Id).ToHashSet());
    }

    [Fact]
    public async Task A_node_that_is_asked_whether_it_holds_a_name_should_not_bring_back_one_that_was_removed()
    {
        var node = await StartAsync(0);
        var model = await PutAsync(node, "kept", 1);
        await HasAsync(node, "kept");

        var reply = await node.Cluster.Node.Ask<NodeReply>(
            new NodeOrder.Open(new ModelName("removed", 1), model.Id, Sources: [], Warm: false, Id: 1), Patience);

        Assert.Equal(InferenceFailure.ModelNotFound, Assert.IsType<NodeReply.Failed>(reply).Failure);
        Assert.Equal("kept", Assert.Single(node.Host.Store.ListNames()).Name!.Value.Name);
    }

    private static string ManifestOf(TestNode node, ModelId model) =>
        Directory.EnumerateFiles(node.Host.Store.Options.Directory, $"{model}.json", SearchOption.AllDirectories).Single();

    /// <summary>Waits until a node says of itself that it has these models, and no others.</summary>
    private static Task HasAsync(TestNode node, params string[] names) => Eventually.TrueAsync(
        node.Cluster.Endpoints,
        async () => Assert.IsType<NodeReply.Holdings>(await node.Cluster.Node.Ask<NodeReply>(new NodeQuery.Holdings(1), Patience))
            .Models.Where(model => !model.Versions.IsEmpty).Select(model => model.Name).Order().SequenceEqual(names.Order()),
        $"{string.Join(", ", names)} are what a node has");

    private async Task<TestNode> StartAsync(long capacity)
    {
        var node = await TestNode.StartAsync(
            _directory.File($"store{_nodes.Count}"), _nodes.FirstOrDefault(), capacity: capacity, clock: _clock);
        _nodes.Add(node);
        return node;
    }

    private Task<NodeReply> ReceiveAsync(TestNode node, string name, ModelHandle model) => node.Cluster.Node.Ask<NodeReply>(
        new NodeQuery.Receive(ModelName.Parse(name), model.Id, [.. _nodes.Select(source => source.Transfer)], "", 1), Patience);

    private static Task<ModelHandle> PutAsync(TestNode node, string name, int seed) => node.Host.Store.PutAsync(
        new ModelContent
        {
            Tensors = [ArrayTensorSource.Random("weight", ModelBytes, seed)],
            Recipe = new Recipe.Weights("Test", ""),
        },
        new PutOptions { Name = ModelName.Parse(name) });

    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }
}
