using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Models whose holders leave, or are lost.</summary>
public sealed class LostHolderSpecs : ClusterSpec
{
    [Fact]
    public async Task A_model_should_go_on_being_called_when_its_only_node_leaves_and_another_has_it()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        Assert.Equal(3, await CallAsync(endpoint));
        await ReceiveAsync(second, "contract", model);

        await first.DisposeAsync();

        Assert.Equal(3, await CallAsync(endpoint));
    }

    [Fact]
    public async Task A_node_that_leaves_should_hand_over_what_no_other_holds()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        Assert.Equal(3, await CallAsync(endpoint));

        await first.DisposeAsync();

        Assert.Equal(model.Id, second.Host.Store.Resolve(ModelName.Parse("contract@1")).Id);
        Assert.Equal(3, await CallAsync(endpoint));
    }

    [Fact]
    public async Task A_node_that_leaves_should_hand_over_a_name_whose_model_others_hold_under_another()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        await ReceiveAsync(second, "other", model);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");

        await first.DisposeAsync();

        Assert.Equal(["contract@1", "other@1"], second.Host.Store.ListNames().Select(held => held.Name.ToString()));
        Assert.Equal(3, await CallAsync(endpoint));
    }

    [Fact]
    public async Task A_node_that_leaves_should_hand_over_the_rest_where_names_are_refused()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        foreach (var name in new[] { "one", "two", "three" })
        {
            await PutAsync(first, name, 1);
            await PutAsync(second, name, 2);
        }

        var rest = new List<ModelHandle> { await PutAsync(first, "yet", 3), await PutAsync(first, "zeta", 4) };
        await Eventually.FindAsync(second.Cluster.Endpoints, "zeta");

        await first.DisposeAsync();

        Assert.All(rest, model => Assert.Equal(model.Id, second.Host.Store.Resolve(model.Name!.Value).Id));
        Assert.Equal(5, second.Host.Store.ListNames().Count);
    }

    [Fact]
    public async Task A_node_that_leaves_should_ask_another_where_a_receiver_is_silent_and_not_reached_any_more()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        using var silent = TestNode.CreateSystem();
        var table = new NodeTable();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        StandInNode.Start(silent, message =>
        {
            if (message is NodeOrder.Open)
            {
                asked.TrySetResult();
            }

            return message is NodeQuery.Holdings query ? StandInNode.Holdings(silent, query.Id) : null;
        });
        var receiver = Akka.Cluster.Cluster.Get(silent);
        await receiver.JoinAsync(first.Address, CancellationToken.None).WaitAsync(Patience);
        var handover = new Handover(first.System, first.Address, first.Host.Store, table, Survey(first, Patience));

        var handingOver = handover.RunAsync(CancellationToken.None);
        await asked.Task.WaitAsync(Patience);
        table.SetUnreachable(receiver.SelfAddress, true);
        await handingOver.WaitAsync(Patience);

        Assert.Equal(model.Id, second.Host.Store.Resolve(ModelName.Parse("contract@1")).Id);
        await silent.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_node_that_leaves_should_take_no_more_models()
    {
        var node = await StartAsync();
        var model = await PutAsync(node, "contract", 1);
        var orders = new NodeOrders(
            node.Host.Store, null!, node.Cluster.Endpoints, null!, new NodeRates(), new Actors.Endpoints.Withdrawals());
        var source = new Uri("http://127.0.0.1:1");
        await orders.HoldAsync(ModelName.Parse("early"), model.Id, [source], CancellationToken.None);

        await orders.LeaveAsync();

        var late = await Assert.ThrowsAsync<InferenceException>(
            () => orders.HoldAsync(ModelName.Parse("late"), model.Id, [source], CancellationToken.None));
        Assert.Equal(InferenceFailure.ShuttingDown, late.Failure);
        Assert.Equal(["contract@1", "early@1"], node.Host.Store.ListNames().Select(held => held.Name.ToString()));
    }

    [Fact]
    public async Task A_model_should_go_to_a_node_that_can_build_it_when_those_that_hold_it_fail()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 1);

        var placed = await AskAsync<EntityReply.Placed>(second, id => new EntityRequest.Place("contract", 1, [first.Address], id));

        Assert.Equal(second.Address, placed.Node);
        Assert.Single(second.Host.Store.List());
    }

    [Fact]
    public async Task A_call_should_not_find_a_model_that_its_last_holder_has_lost()
    {
        // Before the node looks: it does not look again.
        using (var store = ObjectStore.Open(new ObjectStoreOptions { Directory = Files.File("store0") }))
        using (var runtime = new TorchRuntime(store))
        {
            await PutAsync(runtime, "contract", 1);
        }

        var first = await StartAsync("zerocopy.inference.refresh-interval = 1h");
        var second = await StartAsync("akka.cluster.roles = [client]");
        var endpoints = new[]
        {
            await Eventually.FindAsync(first.Cluster.Endpoints, "contract"),
            await Eventually.FindAsync(second.Cluster.Endpoints, "contract"),
        };

        first.Host.Store.Remove(ModelName.Parse("contract"));

        foreach (var endpoint in endpoints)
        {
            var failed = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(endpoint));
            Assert.Equal(InferenceFailure.ModelNotFound, failed.Failure);
        }
    }

    [Fact]
    public async Task A_node_that_is_lost_should_fail_no_call_that_another_can_answer()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var third = await StartAsync();
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(third.Cluster.Endpoints, "contract");
        await ReceiveAsync(second, "contract", model);
        var endpoint = await Eventually.FindAsync(third.Cluster.Endpoints, "contract");
        for (var call = 0; call < 20; call++)
        {
            Assert.Equal(3, await CallAsync(endpoint));
        }

        await second.KillAsync();

        for (var call = 0; call < 20; call++)
        {
            Assert.Equal(3, await CallAsync(endpoint));
        }
    }
}
