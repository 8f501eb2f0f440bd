using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Nodes whose stores have room for two models, and a third one that has what they are to receive.</summary>
public sealed class EvictionSpecs : ClusterSpec
{
    private const int ModelBytes = 256 << 10;
    private const int Capacity = 3 * ModelBytes;

    private readonly ShiftedTime _clock = new();

    private protected override TimeProvider Clock => _clock;

    [Fact]
    public async Task Nodes_that_need_room_at_once_should_leave_one_copy_of_what_both_hold()
    {
        var (source, one, other) = (await StartAsync(), await StartAsync(capacity: Capacity), await StartAsync(capacity: Capacity));
        var (kept, wanted) = (await PutWeightsAsync(source, "kept", 1), await PutWeightsAsync(source, "wanted", 2));
        foreach (var node in new[] { one, other })
        {
            Assert.IsType<NodeReply.Opened>(await ReceiveAsync(node, "kept", kept));
            await PutWeightsAsync(node, "own", 4 + Nodes.IndexOf(node));
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
        var (source, small) = (await StartAsync(), await StartAsync(capacity: Capacity));
        var (used, unused) = (await PutWeightsAsync(source, "used", 1), await PutWeightsAsync(source, "unused", 2));
        var wanted = await PutWeightsAsync(source, "wanted", 3);
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
    public async Task A_node_without_free_room_should_take_a_model_that_no_other_can()
    {
        var small = await StartAsync(capacity: Capacity);
        var old = await PutWeightsAsync(small, "old", 1);
        await PutWeightsAsync(small, "own", 2);
        var holder = await StartAsync();
        Assert.IsType<NodeReply.Opened>(await ReceiveAsync(holder, "old", old));
        var wanted = await PutAsync(holder, "wanted", 3, words: Capacity / 2);
        await HasAsync(holder, "old", "wanted");
        _clock.Shift += TimeSpan.FromMinutes(2);

        var placed = await AskAsync<EntityReply.Placed>(holder, id => new EntityRequest.Place("wanted", 1, [holder.Address], id));

        Assert.Equal(small.Address, placed.Node);
        Assert.Equal(["own", "wanted"], small.Host.Store.ListNames().Select(model => model.Name!.Value.Name));
        Assert.Equal(wanted.Id, small.Host.Store.Resolve(wanted.Name!.Value).Id);
    }

    [Fact]
    public async Task A_node_that_leaves_should_hand_over_to_one_that_makes_room()
    {
        var (leaving, one, other) = (await StartAsync(), await StartAsync(capacity: Capacity), await StartAsync(capacity: Capacity));
        var old = await PutWeightsAsync(one, "old", 1);
        Assert.IsType<NodeReply.Opened>(await ReceiveAsync(other, "old", old));
        await PutWeightsAsync(one, "own", 2);
        await PutWeightsAsync(other, "own", 3);
        var sole = await PutWeightsAsync(leaving, "sole", 4);
        await Task.WhenAll(HasAsync(leaving, "sole"), HasAsync(one, "old", "own"), HasAsync(other, "old", "own"));
        _clock.Shift += TimeSpan.FromMinutes(2);

        await leaving.DisposeAsync();

        Assert.Single(new[] { one, other }, node => node.Host.Store.List().Any(model => model.Id == sole.Id));
        Assert.Single(new[] { one, other }, node => node.Host.Store.List().Any(model => model.Id == old.Id));
    }

    [Fact]
    public async Task A_node_that_is_asked_whether_it_holds_a_name_should_not_bring_back_one_that_was_removed()
    {
        var node = await StartAsync();
        var model = await PutWeightsAsync(node, "kept", 1);
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

    private static Task<ModelHandle> PutWeightsAsync(TestNode node, string name, int seed) => node.Host.Store.PutAsync(
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
