using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Tests.Transfer;
using ZeroCopy.Content;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Models that nodes receive.</summary>
public sealed class PushSpecs : ClusterSpec
{
    [Fact]
    public async Task A_model_should_be_callable_as_soon_as_a_node_says_that_it_has_received_it()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        await ReceiveAsync(second, "other", model);

        Assert.Equal(3, await CallAsync((await first.Cluster.Endpoints.FindAsync("other"))!));
    }

    [Fact]
    public async Task A_node_should_receive_a_model_from_outside_under_the_clusters_next_version()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");

        var same = Assert.IsType<NodeReply.Opened>(await ReceiveAsync(second, "contract", model));
        Assert.Equal("contract@1", same.Model.Name.ToString());
        Assert.Equal(model.Bytes, same.MovedBytes);

        var refused = Assert.IsType<NodeReply.Failed>(
            await ReceiveAsync(second, "contract@1", new ModelHandle(ModelId.Of([7]), 1)));
        Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);

        var removed = Assert.IsType<NodeReply.Removed>(await first.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Remove(ModelName.Parse("contract"), Everywhere: true, 4), Patience));
        Assert.Equal(["contract@1"], removed.Names.Select(name => name.ToString()));
        Assert.Empty(second.Host.Store.List());
    }

    [Fact]
    public async Task A_node_that_holds_no_models_should_refuse_one_and_say_who_does()
    {
        var first = await StartAsync();
        var second = await StartAsync("akka.cluster.roles = [client]");
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");

        var refused = Assert.IsType<NodeReply.Failed>(await ReceiveAsync(second, "other", model));

        Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);
        Assert.Contains(first.Address.ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Empty(second.Host.Store.List());
    }

    [Fact]
    public async Task A_model_that_a_node_cannot_build_should_be_known_from_its_store_on()
    {
        var (first, second) = (await StartAsync(), await StartAsync());

        await first.Host.Store.PutAsync(
            new ModelContent
            {
                Tensors = [ArrayTensorSource.Random("weight", 16, 1)],
                Recipe = new Recipe.Weights("Test", ""),
            },
            new PutOptions { Name = ModelName.Parse("weights") });

        await Eventually.TrueAsync(
            second.Cluster.Endpoints,
            async () => (await StatusAsync(second)).Models.Any(known => known.Name == "weights" && known.Holders.Contains(first.Address)),
            "the other node knows the model");
    }

    [Fact]
    public async Task Two_models_that_are_pushed_at_once_to_one_node_should_get_versions_of_their_own()
    {
        var node = await StartAsync();

        var (slow, fast) = await PushTwoAsync("contract", node, node);

        Assert.Equal("contract@2", Assert.IsType<NodeReply.Opened>(fast).Model.Name.ToString());
        Assert.Equal("contract@1", Assert.IsType<NodeReply.Opened>(slow).Model.Name.ToString());
        Assert.Equal(3, await CallAsync(await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 1)));
        Assert.Equal(13, await CallAsync(await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 2)));
    }

    [Fact]
    public async Task Two_models_that_are_pushed_at_once_should_get_versions_of_their_own()
    {
        var (slow, fast) = await PushTwoAsync("contract", await StartAsync(), await StartAsync());

        Assert.Equal("contract@1", Assert.IsType<NodeReply.Opened>(fast).Model.Name.ToString());
        Assert.Equal("contract@2", Assert.IsType<NodeReply.Opened>(slow).Model.Name.ToString());
        Assert.Equal(["contract@2"], Nodes[0].Host.Store.ListNames().Select(held => held.Name.ToString()));
        foreach (var node in Nodes)
        {
            Assert.Equal(13, await CallAsync(await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 1)));
            Assert.Equal(3, await CallAsync(await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 2)));
        }
    }

    [Fact]
    public async Task Two_models_that_are_pushed_at_once_as_one_version_should_not_both_be_taken()
    {
        var (slow, fast) = await PushTwoAsync("contract@1", await StartAsync(), await StartAsync());

        Assert.Equal("contract@1", Assert.IsType<NodeReply.Opened>(fast).Model.Name.ToString());
        Assert.Equal(InferenceFailure.InvalidInput, Assert.IsType<NodeReply.Failed>(slow).Failure);
        Assert.Empty(Nodes[0].Host.Store.ListNames());
        Assert.Equal(13, await CallAsync(await Eventually.FindAsync(Nodes[0].Cluster.Endpoints, "contract")));
    }

    [Fact]
    public async Task A_model_should_get_no_version_while_a_member_does_not_say_what_it_has()
    {
        var first = await StartAsync();
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(first.Cluster.Endpoints, "contract");
        using var mute = TestNode.CreateSystem();
        var member = Akka.Cluster.Cluster.Get(mute);
        await member.JoinAsync(first.Address, CancellationToken.None).WaitAsync(Patience);
        var survey = Survey(first, TimeSpan.FromSeconds(1));

        foreach (Func<Task> asking in (Func<Task>[])
            [() => survey.NameAsync(ModelName.Parse("contract"), ModelId.Of([7]), 0, default), () => LocateAsync("other")])
        {
            var refused = await Assert.ThrowsAsync<InferenceException>(() => asking().WaitAsync(Patience));
            Assert.Equal(InferenceFailure.Unreachable, refused.Failure);
            Assert.Contains(member.SelfAddress.ToString(), refused.Message, StringComparison.Ordinal);
        }

        // One holder is enough to know where a version is, as the entity is to know which one is current.
        Assert.Equal(model.Id, Assert.IsType<NodeReply.Located>(await LocateAsync("contract@1")).Model.Id);
        var current = await first.Cluster.Node.Ask<NodeReply>(new NodeQuery.Locate(ModelName.Parse("contract"), 1), Patience);
        Assert.Equal(model.Id, Assert.IsType<NodeReply.Located>(current).Model.Id);
        await mute.Terminate().WaitAsync(Patience);

        Task<NodeReply> LocateAsync(string name) => survey.LocateAsync(new NodeQuery.Locate(ModelName.Parse(name), 1), default);
    }

    [Fact]
    public async Task A_node_that_has_not_answered_should_be_asked_again_before_a_model_gets_its_version()
    {
        var first = await StartAsync();
        using var late = TestNode.CreateSystem();
        var (asked, held) = (0, new HeldVersion(5, ModelId.Of([5]), 1, null, true, EndpointState.Ready, 0, 0, null));
        StandInNode.Start(late, message =>
            message is NodeQuery.Holdings query && ++asked > 1 ? StandInNode.Holdings(late, query.Id, held) : null);
        await Akka.Cluster.Cluster.Get(late).JoinAsync(first.Address, CancellationToken.None).WaitAsync(Patience);

        var name = await Survey(first, Patience).NameAsync(ModelName.Parse("contract"), ModelId.Of([7]), 0, default).WaitAsync(Patience);

        Assert.Equal("contract@6", name.ToString());
        await late.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_node_should_not_take_a_model_whose_version_nobody_confirms()
    {
        var first = await StartAsync();
        var model = await PutAsync(first, "contract", 1);
        await using var alone = await TestNode.StartAloneAsync(Files.File("alone"));

        var refused = Assert.IsType<NodeReply.Failed>(await ReceiveAsync(alone, "contract", model));

        Assert.Equal(InferenceFailure.Unreachable, refused.Failure);
        Assert.Empty(alone.Host.Store.ListNames());
    }

    /// <summary>Pushes a model that adds 11 to one node, while one that adds 1 is on its way to another under the same name.</summary>
    private async Task<(NodeReply Slow, NodeReply Fast)> PushTwoAsync(string name, TestNode first, TestNode second)
    {
        await using var outside = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = Files.File("outside") },
        });
        var (one, other) = (await PutAsync(outside.Runtime, "one", 1), await PutAsync(outside.Runtime, "other", 11));
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var source = await SourceNode.StartAsync(outside.Store);
        await using var slowSource = await SourceNode.StartAsync(outside.Store, async (context, _, next) =>
        {
            asked.TrySetResult();
            await goOn.Task;
            await next(context);
        });

        var slow = PushAsync(first, one, slowSource);
        await asked.Task.WaitAsync(Patience);
        var fast = await PushAsync(second, other, source);
        goOn.SetResult();
        return (await slow, fast);

        Task<NodeReply> PushAsync(TestNode node, ModelHandle model, SourceNode from) => node.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Receive(ModelName.Parse(name), model.Id, [from.Address], "", 1), Patience);
    }
}
