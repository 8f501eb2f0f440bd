using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster.Sharding;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Tests.Clients;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>What nodes answer of the cluster, and of what they hold.</summary>
public sealed class ClusterSpecs : ClusterSpec
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_listed_and_brought_should_be_what_is_called_where_two_models_are_called_alike(bool lowestFirst)
    {
        var (first, second, model) = await PutTwoAsync(lowestFirst);

        foreach (var node in Nodes)
        {
            var known = await StatusAsync(node);
            Assert.Equal(model.Id, Assert.Single(known.Models, status => status.IsCurrent).Model);
            var other = Assert.Single(known.Models, status => !status.IsCurrent);
            Assert.Equal(second.Address, Assert.Single(other.Holders));
            Assert.NotNull(other.Problem);
            var located = Assert.IsType<NodeReply.Located>(
                await node.Cluster.Node.Ask<NodeReply>(new NodeQuery.Locate(ModelName.Parse("contract"), 2), Patience));
            Assert.Equal((model.Id, first.Host.Store.Id), (located.Model.Id, Assert.Single(located.Stores)));
            Assert.Equal(3, await CallAsync(await Eventually.FindAsync(node.Cluster.Endpoints, "contract")));
        }
    }

    [Fact]
    public async Task A_node_should_carry_an_order_out_once_that_it_gets_again()
    {
        var node = await StartAsync();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var source = new Uri($"http://{silent.LocalEndpoint}");
        var order = new NodeOrder.Open(new ModelName("contract", 1), ModelId.Of([7]), [source], Warm: true, 5);
        using var entity = Inbox.Create(node.System);
        node.Cluster.Node.Tell(order, entity.Receiver);
        using var connection = await silent.AcceptSocketAsync().WaitAsync(Patience);

        node.Cluster.Node.Tell(order, entity.Receiver);

        Assert.Equal(new NodeReply.Opening(5), await entity.ReceiveAsync(Patience));
        await RemoveAsync(node);
        Assert.Equal(5, Assert.IsType<NodeReply.Failed>(await entity.ReceiveAsync(Patience)).Id);
    }

    [Fact]
    public async Task A_model_that_could_not_be_loaded_should_say_why_and_be_tried_again()
    {
        var node = await StartAsync("zerocopy.inference.pool-defaults.load { attempts = 1, min-backoff = 10ms, max-backoff = 50ms }");
        await PutAsync(node, "contract", 1);
        await Eventually.KnownAsync(node, "contract");
        var endpoint = await Eventually.FindAsync(node.Cluster.Endpoints, "contract");
        var segments = Path.Combine(node.Host.Store.Options.Directory, "segments");
        Directory.Move(segments, segments + "-away");
        for (var call = 0; call < 2; call++)
        {
            var failed = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(endpoint));

            Assert.Equal(InferenceFailure.LoadFailed, failed.Failure);
            Assert.Contains("segments", failed.Message, StringComparison.Ordinal);
            await Eventually.TrueAsync(
                node.Cluster.Endpoints, () => Task.FromResult(endpoint.State == EndpointState.Failed), "it has failed");
            Assert.Contains("segments", endpoint.LastError, StringComparison.Ordinal);
        }

        Directory.Move(segments + "-away", segments);

        await Eventually.TrueAsync(node.Cluster.Endpoints, IsAnsweredAsync, "a call is answered");
        await Eventually.TrueAsync(
            node.Cluster.Endpoints, () => Task.FromResult(endpoint.State == EndpointState.Ready), "it is ready");
        Assert.Null(endpoint.LastError);

        async Task<bool> IsAnsweredAsync()
        {
            try
            {
                return await CallAsync(endpoint) == 3;
            }
            catch (InferenceException e) when (e.Failure == InferenceFailure.LoadFailed)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_model_that_could_be_loaded_nowhere_should_say_where_it_was_tried_and_why()
    {
        const string Load = "zerocopy.inference.pool-defaults.load { attempts = 1, min-backoff = 10ms, max-backoff = 50ms }";
        var (first, second) = (await StartAsync(Load), await StartAsync(Load));
        await PutAsync(first, "contract", 1);
        await Eventually.KnownAsync(second, "contract");
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        var segments = Path.Combine(first.Host.Store.Options.Directory, "segments");
        // Neither the holder can load it nor the other node receive it.
        Directory.Move(segments, segments + "-away");

        var failed = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(endpoint));

        Assert.Equal(InferenceFailure.LoadFailed, failed.Failure);
        Assert.StartsWith($"contract was tried on {first.Address}: ", failed.Message, StringComparison.Ordinal);
        Assert.Equal(2, failed.Message.Split($"{first.Address}: ").Length);
        Assert.Contains("segments", failed.Message, StringComparison.Ordinal);
        Assert.Contains($"{second.Address}: ", failed.Message, StringComparison.Ordinal);
        Directory.Move(segments + "-away", segments);
    }

    [Fact]
    public async Task A_pool_of_another_name_than_its_model_s_should_be_loaded_by_order()
    {
        var node = await StartAsync("zerocopy.inference.pools.other { model = contract, size = 1 }");
        var model = await PutAsync(node, "contract", 1);
        await Eventually.FindAsync(node.Cluster.Endpoints, "other", 1);

        var order = new NodeOrder.Open(new ModelName("other", 1), model.Id, [], Warm: true, 7);
        var opened = Assert.IsType<NodeReply.Opened>(await node.Cluster.Node.Ask<NodeReply>(order, Patience));

        Assert.Equal((model.Id, order.Name), (opened.Model.Id, opened.Model.Name));
        Assert.Equal(["contract@1"], node.Host.Store.ListNames().Select(held => $"{held.Name}"));
    }

    [Fact]
    public async Task A_survey_should_name_the_version_as_current_that_calls_get()
    {
        // The first node has no room for the second version, which is not current before it is loaded where the first one is.
        var (small, second) = (await StartAsync(capacity: 256 << 10), await StartAsync());
        await PutAsync(small, "contract", 1);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        Assert.Equal(3, await CallAsync(endpoint));
        await LoadedAsync(1);
        await PutAsync(second, "contract@2", 11, words: 400_000);
        Assert.Equal(13, await CallAsync(await Eventually.FindAsync(small.Cluster.Endpoints, "contract", 2)));
        await LoadedAsync(2);

        Assert.Equal(3, await CallAsync(endpoint));
        foreach (var node in Nodes)
        {
            Assert.Equal(1, Assert.Single((await StatusAsync(node)).Models, model => model.IsCurrent).Version);
        }

        var located = await second.Cluster.Node.Ask<NodeReply>(new NodeQuery.Locate(ModelName.Parse("contract"), 1), Patience);
        Assert.Equal(1, Assert.IsType<NodeReply.Located>(located).Model.Name!.Value.Version);

        Task LoadedAsync(int version) => Eventually.TrueAsync(
            second.Cluster.Endpoints,
            async () => (await second.Cluster.Node.Ask<ModelRoute>(new EntityRequest.Follow("contract"), Patience)).Replicas
                .Any(replica => replica.Version == version && replica.IsWarm),
            $"version {version} is known as loaded");
    }

    [Fact]
    public async Task A_node_should_answer_for_more_models_than_a_frame_holds()
    {
        const string Frames = "akka.remote.dot-netty.tcp.maximum-frame-size = 32000b";
        var (first, second) = (await StartAsync(Frames), await StartAsync(Frames));
        var model = await PutAsync(first, "contract", 1);
        var names = Enumerable.Range(0, 500).Select(index => new ModelName($"name-{index:000}", 1)).ToArray();
        foreach (var name in names)
        {
            first.Host.Store.SetName(name, model.Id);
        }

        var client = await NodeClient.ConnectAsync(first.System, second.Address, Patience);
        // The node tells of all that it lists at once, and lists this one last.
        await Eventually.FindAsync(second.Cluster.Endpoints, names[^1].Name);
        var known = (await client.StatusAsync()).Models;

        Assert.Equal(names.Select(name => name.Name).Prepend("contract"), known.Select(status => status.Name));
        Assert.All(known, status => Assert.Equal(first.Address, Assert.Single(status.Holders)));
        Assert.Equal(names.Length + 1, (await second.Cluster.Endpoints.ListAsync()).Length);
    }

    [Fact]
    public async Task A_node_should_call_more_versions_of_a_name_than_a_frame_holds()
    {
        const string Frames = "akka.remote.dot-netty.tcp.maximum-frame-size = 32000b";
        const int Many = 900;
        var (first, second) = (await StartAsync(Frames), await StartAsync(Frames));
        var model = await PutAsync(first, "contract", 1);
        foreach (var version in Enumerable.Range(2, Many - 1))
        {
            first.Host.Store.SetName(new ModelName("contract", version), model.Id);
        }

        Assert.Equal(3, await CallAsync(await Eventually.FindAsync(second.Cluster.Endpoints, "contract", Many)));
        first.Host.Store.SetName(new ModelName("contract", Many + 1), model.Id);

        Assert.Equal(3, await CallAsync(await Eventually.FindAsync(second.Cluster.Endpoints, "contract", Many + 1)));
        var client = await NodeClient.ConnectAsync(first.System, second.Address, Patience);
        Assert.Equal(Enumerable.Range(1, Many + 1), (await client.StatusAsync()).Models.Select(status => status.Version!.Value));
    }

    [Fact]
    public async Task A_node_should_name_more_holders_than_a_frame_holds()
    {
        var node = await StartAsync("akka.remote.dot-netty.tcp.maximum-frame-size = 32000b");
        var model = await PutAsync(node, "contract", 1);
        var holders = Enumerable.Range(0, 1000).Select(index => $"holder {index:000}").ToArray();
        var leases = holders.Select(holder => node.Host.Store.Acquire(model.Id, holder)).ToArray();
        using var system = ClientSystem.Start();
        var client = await NodeClient.ConnectAsync(system, node.Address, Patience);
        var store = await client.StoreAsync();

        Assert.Equal(holders, store.Holders.Select(lease => lease.Holder));
        Assert.All(store.Holders, lease => Assert.Equal((model.Id, "contract@1"), (lease.Model, $"{lease.Name}")));
        Assert.Equal((1, node.Host.Store.Options.Directory), (store.Models, store.Directory));
        Assert.All(leases, lease => lease.Dispose());
        await system.Terminate();
    }

    [Fact]
    public async Task A_node_should_answer_on_when_the_directory_of_its_store_is_gone()
    {
        var (first, second) = (await StartAsync("zerocopy.cluster.copies = 1"), await StartAsync("zerocopy.cluster.copies = 1"));
        await PutAsync(first, "contract", 1);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        Assert.Equal(3, await CallAsync(endpoint));

        Directory.Delete(first.Host.Store.Options.Directory, recursive: true);

        NodeReply.Holdings? told = null;
        await Eventually.TrueAsync(first.Cluster.Endpoints, HasNoRoomAsync, "the node has no room");
        Assert.Equal("contract", Assert.Single(told!.Models).Name);
        Assert.Equal(3, await CallAsync(endpoint));

        async Task<bool> HasNoRoomAsync()
        {
            told = await first.Cluster.Node.Ask<NodeReply.Holdings>(new NodeQuery.Holdings(1), Patience);
            return told.Node.Load.FreeBytes == 0;
        }
    }

    [Fact]
    public async Task A_model_that_nobody_holds_should_not_be_found()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");

        Assert.Null(await second.Cluster.Endpoints.FindAsync("nobody"));
        Assert.Null(await second.Cluster.Endpoints.FindAsync("contract", 7));
        var failed = await AskAsync<EntityReply.Failed>(second, id => new EntityRequest.Place("contract", 7, [], id));
        Assert.Equal(InferenceFailure.ModelNotFound, failed.Failure);
        Assert.Contains("it has the versions 1", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_should_answer_for_the_whole_cluster()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");

        var status = await second.Cluster.Node.Ask<NodeReply>(new NodeQuery.ClusterStatus(1), Patience);
        var known = Assert.IsType<NodeReply.ClusterStatus>(status);
        Assert.Equal(
            new[] { first.Address, second.Address }.Order(), known.Members.Select(member => member.Address).Order());
        var held = Assert.Single(known.Models);
        Assert.Equal(("contract", 1, model.Id, true), (held.Name, held.Version, held.Model!.Value, held.IsCurrent));
        Assert.Equal(first.Address, Assert.Single(held.Holders));

        var located = Assert.IsType<NodeReply.Located>(
            await second.Cluster.Node.Ask<NodeReply>(new NodeQuery.Locate(ModelName.Parse("contract"), 2), Patience));
        Assert.Equal(model.Id, located.Model.Id);
        Assert.Equal(first.Host.Store.Id, Assert.Single(located.Stores));
    }

    [Fact]
    public async Task A_node_should_keep_nothing_of_its_models_on_disk()
    {
        var node = await StartAsync();
        await PutAsync(node, "contract", 1);
        await Eventually.FindAsync(node.Cluster.Endpoints, "contract");

        var settings = ClusterShardingSettings.Create(node.System);

        Assert.Equal((StateStoreMode.DData, false), (settings.StateStoreMode, settings.RememberEntities));
        Assert.Equal(TimeSpan.Zero, settings.PassivateIdleEntityAfter);
    }
}
