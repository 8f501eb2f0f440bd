using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster.Sharding;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Clustering.Tests.Transfer;
using ZeroCopy.Content;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Nodes on loopback in one process, each with a store of its own.</summary>
public sealed class ClusterSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly List<TestNode> _nodes = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes.AsEnumerable().Reverse())
        {
            await node.DisposeAsync();
        }

        _directory.Dispose();
    }

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
    public async Task A_model_should_be_callable_as_soon_as_a_node_says_that_it_has_received_it()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        await ReceiveAsync(second, "other", model);

        Assert.Equal(3, await CallAsync((await first.Cluster.Endpoints.FindAsync("other"))!));
    }

    [Fact]
    public async Task A_model_that_is_loaded_should_be_freed_to_be_removed()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        Assert.Equal(3, await CallAsync(await Eventually.FindAsync(second.Cluster.Endpoints, "contract")));

        var removed = await second.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Remove(ModelName.Parse("contract"), Everywhere: true, 1), Patience);

        Assert.Equal(["contract@1"], Assert.IsType<NodeReply.Removed>(removed).Names.Select(name => name.ToString()));
        Assert.Empty(first.Host.Store.List());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_listed_and_brought_should_be_what_is_called_where_two_models_are_called_alike(bool lowestFirst)
    {
        var (first, second, model) = await PutTwoAsync(lowestFirst);

        foreach (var node in _nodes)
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_removal_should_take_both_of_two_models_that_are_called_alike(bool lowestFirst)
    {
        var (first, second, _) = await PutTwoAsync(lowestFirst);

        var removed = await RemoveAsync(second);

        Assert.Equal(["contract@1"], Assert.IsType<NodeReply.Removed>(removed).Names.Select(name => name.ToString()));
        Assert.All([first, second], node => Assert.Empty(node.Host.Store.List()));
        // The entity has heard of it before the answer.
        var failed = await AskAsync<EntityReply.Failed>(second, id => new EntityRequest.Place("contract", 1, [], id));
        Assert.Equal(InferenceFailure.ModelNotFound, failed.Failure);
    }

    [Fact]
    public async Task A_removal_should_name_the_node_that_does_not_answer()
    {
        var first = await StartAsync();
        using var mute = TestNode.CreateSystem();
        var member = Akka.Cluster.Cluster.Get(mute);
        await member.JoinAsync(first.Address, CancellationToken.None).WaitAsync(Patience);
        await PutAsync(first, "contract", 1);
        var survey = Survey(first, TimeSpan.FromSeconds(3));

        var failed = await Assert.ThrowsAsync<InferenceException>(() => survey.RemoveAsync(
            new NodeQuery.Remove(ModelName.Parse("contract"), Everywhere: true, 1), CancellationToken.None).WaitAsync(Patience));

        Assert.Equal(InferenceFailure.Unreachable, failed.Failure);
        Assert.Contains($"{member.SelfAddress} did not answer in time", failed.Message, StringComparison.Ordinal);
        Assert.Contains($"Removed contract@1 from {first.Address}", failed.Message, StringComparison.Ordinal);
        Assert.Empty(first.Host.Store.List());
        await mute.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_removal_should_name_the_node_that_cannot_remove_it()
    {
        var (first, second) = (
            await StartAsync(), await StartAsync("zerocopy.inference.pools.contract { model = contract, size = 1 }"));
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        await ReceiveAsync(second, "contract", model);
        Assert.Equal(3, await CallAsync(await Eventually.FindAsync(second.Host.Actors.OwnEndpoints, "contract")));

        var removed = await RemoveAsync(first);

        var failed = Assert.IsType<NodeReply.Failed>(removed);
        Assert.Contains($"{second.Address}: ", failed.Message, StringComparison.Ordinal);
        Assert.Contains($"Removed contract@1 from {first.Address}", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_should_end_the_calls_of_a_model_that_is_called_all_the_time()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var model = await PutAsync(first, "contract", 1);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        await ReceiveAsync(second, "contract", model);
        var callers = new List<Task<InferenceFailure>>();
        foreach (var node in _nodes)
        {
            var endpoint = await Eventually.FindAsync(node.Cluster.Endpoints, "contract");
            Assert.Equal(3, await CallAsync(endpoint));
            callers.AddRange(Enumerable.Range(0, 3).Select(_ => Task.Run(() => CallUntilFailedAsync(endpoint))));
        }

        var removed = await RemoveAsync(first);

        Assert.Equal(["contract@1"], Assert.IsType<NodeReply.Removed>(removed).Names.Select(name => name.ToString()));
        Assert.All(await Task.WhenAll(callers).WaitAsync(Patience), failure => Assert.Equal(InferenceFailure.ModelNotFound, failure));
        Assert.All([first, second], node => Assert.Empty(node.Host.Store.List()));

        // The number is another model's from now on, and nobody is left alone for what was said of the one before.
        await PutAsync(first, "contract", 11);
        var again = await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 1);
        Assert.Equal(13, await CallAsync(again));
    }

    [Fact]
    public async Task A_removal_of_the_newest_version_should_fail_no_call_of_the_name()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        await PutAsync(first, "contract", 11);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 2);
        using var stop = new CancellationTokenSource();
        var callers = new List<Task>();
        foreach (var node in _nodes)
        {
            var endpoint = await Eventually.FindAsync(node.Cluster.Endpoints, "contract");
            Assert.Equal(13, await CallAsync(endpoint));
            callers.AddRange(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Assert.Contains(await CallAsync(endpoint), new float[] { 3, 13 });
                }
            })));
        }

        var removed = await second.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Remove(ModelName.Parse("contract@2"), Everywhere: true, 1), Patience);

        Assert.Equal(["contract@2"], Assert.IsType<NodeReply.Removed>(removed).Names.Select(name => name.ToString()));
        Assert.Equal(3, await CallAsync(await Eventually.FindAsync(second.Cluster.Endpoints, "contract")));
        await stop.CancelAsync();
        await Task.WhenAll(callers).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_removal_should_end_what_brings_the_model_to_a_node()
    {
        var node = await StartAsync();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var source = new Uri($"http://{silent.LocalEndpoint}");
        var receiving = node.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Receive(ModelName.Parse("contract"), ModelId.Of([7]), [source], "", 1), Patience);
        using var connection = await silent.AcceptSocketAsync().WaitAsync(Patience);

        await RemoveAsync(node);

        var failed = Assert.IsType<NodeReply.Failed>(await receiving);
        Assert.Equal(InferenceFailure.ModelNotFound, failed.Failure);
        Assert.Contains("contract@1 was removed", failed.Message, StringComparison.Ordinal);
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
    public async Task A_removal_that_fails_should_leave_what_is_used_with_its_roll_out_and_say_what_it_removed()
    {
        var node = await StartAsync();
        var used = await PutAsync(node, "contract", 1);
        await PutAsync(node, "contract", 11);
        await PutAsync(node, "contract", 21);
        await Eventually.KnownAsync(node, "contract");
        await AskAsync<EntityReply.Decided>(node, id => new EntityRequest.RollOut("contract", 1, 100, id));
        var file = Path.Combine(node.Host.Store.Options.Directory, "rollouts", "contract.json");
        await Eventually.TrueAsync(node.Cluster.Endpoints, () => Task.FromResult(File.Exists(file)), "the roll-out is kept");
        using (node.Host.Store.Acquire(used.Id, "the spec"))
        {
            var failed = Assert.IsType<NodeReply.Failed>(await RemoveAsync(node));

            Assert.Contains("the spec", failed.Message, StringComparison.Ordinal);
            Assert.Contains("Removed contract@2, contract@3", failed.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Nothing", failed.Message, StringComparison.Ordinal);
        }

        Assert.True(File.Exists(file));
        await Eventually.KnownAsync(node, "contract");
        var endpoint = await Eventually.FindAsync(node.Cluster.Endpoints, "contract");
        await Eventually.TrueAsync(node.Cluster.Endpoints, () => Task.FromResult(endpoint.State == EndpointState.Ready), "it is served");
        Assert.Equal(3, await CallAsync(endpoint));
        await PutAsync(node, "contract", 31);
        await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 2);
        Assert.Equal(3, await CallAsync(endpoint));
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
    public async Task A_call_should_not_find_a_model_that_its_last_holder_has_lost()
    {
        var first = await StartAsync("zerocopy.inference.refresh-interval = 1h");
        var second = await StartAsync("akka.cluster.roles = [client]");
        await PutAsync(first, "contract", 1);
        // Has it listed and told of, since the node does not look by itself.
        await AskAsync<EntityReply.Decided>(first, id => new EntityRequest.RollOut("contract", 1, 100, id));
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
    public async Task A_pool_of_another_name_than_its_model_s_should_lose_no_call_at_a_new_version()
    {
        var node = await StartAsync("zerocopy.inference.pools.other { model = contract, size = 1 }");
        await PutAsync(node, "contract", 1);
        var endpoint = await Eventually.FindAsync(node.Cluster.Endpoints, "other");
        Assert.Equal(3, await CallAsync(endpoint));
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await CallAsync(endpoint);
            }
        })).ToArray();

        foreach (var weight in (int[])[11, 21, 31])
        {
            await PutAsync(node, "contract", weight);
            await Eventually.TrueAsync(
                node.Cluster.Endpoints, async () => await CallAsync(endpoint) == weight + 2, $"the version with {weight} answers");
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers).WaitAsync(Patience);
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
        foreach (var node in _nodes)
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

    /// <summary>Two nodes that hold different models as contract@1: the first one's is served, and known everywhere first.</summary>
    private async Task<(TestNode First, TestNode Second, ModelHandle Model)> PutTwoAsync(bool lowestFirst)
    {
        await StartAsync();
        await StartAsync();
        var ordered = _nodes.OrderBy(node => node.Address == _nodes.Min(other => other.Address) == lowestFirst ? 0 : 1).ToArray();
        var model = await PutAsync(ordered[0], "contract", 1);
        foreach (var node in _nodes)
        {
            Assert.Equal(3, await CallAsync(await Eventually.FindAsync(node.Cluster.Endpoints, "contract")));
        }

        await PutAsync(ordered[1], "contract", 11);
        await Eventually.TrueAsync(
            ordered[0].Cluster.Endpoints, async () => (await StatusAsync(ordered[0])).Models.Length == 2, "both models are known");
        return (ordered[0], ordered[1], model);
    }

    private static async Task<NodeReply.ClusterStatus> StatusAsync(TestNode node) =>
        await node.Cluster.Node.Ask<NodeReply.ClusterStatus>(new NodeQuery.ClusterStatus(1), Patience);

    private static async Task<NodeReply> RemoveAsync(TestNode node) => await node.Cluster.Node.Ask<NodeReply>(
        new NodeQuery.Remove(ModelName.Parse("contract"), Everywhere: true, 1), Patience);

    /// <summary>One more survey of a node, which waits for removals for another time.</summary>
    private static ClusterSurvey Survey(TestNode node, TimeSpan removalTime) => new(
        node.System, new NodeTable(),
        new RouteTable((props, name) => node.System.ActorOf(props, $"{name}-of-the-spec"), node.System.Log, "it is over"), removalTime);

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

    [Fact]
    public async Task A_new_version_should_be_current_as_soon_as_it_is_warm_and_no_call_should_fail()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        Assert.Equal(3, await CallAsync(endpoint));
        using var stop = new CancellationTokenSource();
        var stream = Task.Run(async () =>
        {
            var calls = 0;
            for (; !stop.IsCancellationRequested; calls++)
            {
                Assert.Contains(await CallAsync(endpoint), new float[] { 3, 13 });
            }

            return calls;
        });

        await PutAsync(first, "contract", 11);
        await Eventually.TrueAsync(second.Cluster.Endpoints, () => Task.FromResult(endpoint.Version == 2), "version 2 is current");
        Assert.Equal(13, await CallAsync(endpoint));
        await stop.CancelAsync();
        Assert.True(await stream.WaitAsync(Patience) > 0);
    }

    [Fact]
    public async Task A_roll_out_should_pin_a_version_and_a_rollback_should_undo_it()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        await PutAsync(first, "contract", 11);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 2);
        var current = (await second.Cluster.Endpoints.FindAsync("contract"))!;
        Assert.Equal(13, await CallAsync(current));

        var decided = await AskAsync<EntityReply.Decided>(second, id => new EntityRequest.RollOut("contract", 1, 100, id));
        await Eventually.TrueAsync(second.Cluster.Endpoints, () => Task.FromResult(current.Version == 1), "version 1 is current");

        Assert.Equal((1, 100), (decided.Version, decided.Percent));
        Assert.Equal(3, await CallAsync(current));
        Assert.Equal(13, await CallAsync(endpoint));

        await AskAsync<EntityReply.Decided>(second, id => new EntityRequest.RollBack("contract", id));
        await Eventually.TrueAsync(second.Cluster.Endpoints, () => Task.FromResult(current.Version == 2), "version 2 is current");
        Assert.Equal(13, await CallAsync(current));
    }

    [Fact]
    public async Task A_roll_out_should_split_the_calls_and_each_answer_say_its_version()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        await PutAsync(first, "contract", 11);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 2);
        // The newest version is current by itself: a share of its calls goes back to the one before.
        await AskAsync<EntityReply.Decided>(second, id => new EntityRequest.RollOut("contract", 2, 50, id));

        foreach (var node in new[] { first, second })
        {
            var endpoint = (await node.Cluster.Endpoints.FindAsync("contract"))!;
            var versions = new HashSet<int?>();
            await Eventually.TrueAsync(
                node.Cluster.Endpoints,
                async () =>
                {
                    using var answer = await CallOnceAsync(endpoint);
                    Assert.Equal(answer.Version == 2 ? 13 : 3, FirstOf(answer));
                    versions.Add(answer.Version);
                    return versions.Count == 2;
                },
                "both versions answer");
        }
    }

    [Fact]
    public async Task A_roll_out_to_a_share_should_be_refused_where_there_is_nothing_for_the_rest()
    {
        var node = await StartAsync();
        await PutAsync(node, "contract", 1);
        await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 1);

        var refused = await AskAsync<EntityReply.Failed>(node, id => new EntityRequest.RollOut("contract", 1, 50, id));

        Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);
        Assert.Contains("get 'contract@1', and there is no version before it for 50 %", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(101)]
    public async Task A_roll_out_should_be_refused_to_what_is_no_share(int percent)
    {
        var node = await StartAsync();
        await PutAsync(node, "contract", 1);
        await Eventually.FindAsync(node.Cluster.Endpoints, "contract", 1);

        var refused = await AskAsync<EntityReply.Failed>(node, id => new EntityRequest.RollOut("contract", 1, percent, id));

        Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);
        Assert.StartsWith($"{percent} % of the calls is no share", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_roll_out_should_stay_when_all_nodes_were_restarted()
    {
        var first = await StartAsync();
        await PutAsync(first, "contract", 1);
        await PutAsync(first, "contract", 11);
        await AskAsync<EntityReply.Decided>(first, id => new EntityRequest.RollOut("contract", 1, 100, id));
        await first.DisposeAsync();
        _nodes.Clear();

        var again = await StartAsync();

        var endpoint = await Eventually.FindAsync(again.Cluster.Endpoints, "contract");
        await Eventually.FindAsync(again.Cluster.Endpoints, "contract", 2);
        Assert.Equal((1, 3), (endpoint.Version, await CallAsync(endpoint)));
    }

    [Fact]
    public async Task A_roll_out_should_know_what_was_put_at_its_node_a_moment_ago()
    {
        var (first, _) = (await StartAsync("zerocopy.inference.refresh-interval = 1h"), await StartAsync());
        await PutAsync(first, "contract", 1);
        await AskAsync<EntityReply.Decided>(first, id => new EntityRequest.RollOut("contract", 1, 100, id));
        await PutAsync(first, "contract", 11);

        var decided = await AskAsync<EntityReply.Decided>(first, id => new EntityRequest.RollOut("contract", 2, 100, id));

        Assert.Equal((2, 100), (decided.Version, decided.Percent));
    }

    [Fact]
    public async Task A_roll_out_should_go_with_its_name()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        await PutAsync(first, "contract", 11);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 2);
        await AskAsync<EntityReply.Decided>(second, id => new EntityRequest.RollOut("contract", 1, 100, id));
        Assert.IsType<NodeReply.Removed>(await second.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Remove(ModelName.Parse("contract"), Everywhere: true, 1), Patience));
        await Eventually.TrueAsync(
            second.Cluster.Endpoints, async () => await second.Cluster.Endpoints.FindAsync("contract") is null, "it is gone");

        await PutAsync(first, "contract", 1);
        await PutAsync(first, "contract", 11);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 2);

        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        await Eventually.TrueAsync(second.Cluster.Endpoints, () => Task.FromResult(endpoint.Version == 2), "the newest is current");
        Assert.All([first, second], node =>
            Assert.False(File.Exists(Path.Combine(node.Host.Store.Options.Directory, "rollouts", "contract.json"))));
    }

    [Fact]
    public async Task A_roll_out_should_be_kept_by_nodes_that_get_the_model_later()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first, "contract", 1);
        var later = await PutAsync(first, "contract", 11);
        await Eventually.FindAsync(second.Cluster.Endpoints, "contract", 2);
        await AskAsync<EntityReply.Decided>(second, id => new EntityRequest.RollOut("contract", 1, 100, id));
        var third = await StartAsync();

        await ReceiveAsync(third, "contract@2", later);

        var file = Path.Combine(third.Host.Store.Options.Directory, "rollouts", "contract.json");
        await Eventually.TrueAsync(third.Cluster.Endpoints, () => Task.FromResult(File.Exists(file)), "the third node keeps it");
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
    public async Task A_node_should_answer_on_when_the_directory_of_its_store_is_gone()
    {
        var (first, second) = (await StartAsync("zerocopy.cluster.copies = 1"), await StartAsync("zerocopy.cluster.copies = 1"));
        await PutAsync(first, "contract", 1);
        var endpoint = await Eventually.FindAsync(second.Cluster.Endpoints, "contract");
        Assert.Equal(3, await CallAsync(endpoint));

        Directory.Delete(first.Host.Store.Options.Directory, recursive: true);

        var told = await first.Cluster.Node.Ask<NodeReply.Holdings>(new NodeQuery.Holdings(1), Patience);
        Assert.Equal(0, told.Node.Load.FreeBytes);
        Assert.Equal("contract", Assert.Single(told.Models).Name);
        Assert.Equal(3, await CallAsync(endpoint));
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
        Assert.Equal(["contract@2"], _nodes[0].Host.Store.ListNames().Select(held => held.Name.ToString()));
        foreach (var node in _nodes)
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
        Assert.Empty(_nodes[0].Host.Store.ListNames());
        Assert.Equal(13, await CallAsync(await Eventually.FindAsync(_nodes[0].Cluster.Endpoints, "contract")));
    }

    /// <summary>Pushes a model that adds 11 to one node, while one that adds 1 is on its way to another under the same name.</summary>
    private async Task<(NodeReply Slow, NodeReply Fast)> PushTwoAsync(string name, TestNode first, TestNode second)
    {
        await using var outside = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = _directory.File("outside") },
        });
        var (one, other) = (await PutAsync(outside, "one", 1), await PutAsync(outside, "other", 11));
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

    /// <summary>Has a node receive a model from those that hold it.</summary>
    private async Task<NodeReply> ReceiveAsync(TestNode node, string name, ModelHandle model)
    {
        var sources = _nodes.Select(source => source.Transfer);
        return await node.Cluster.Node.Ask<NodeReply>(
            new NodeQuery.Receive(ModelName.Parse(name), model.Id, [.. sources], "", 1), Patience);
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

    private async Task<TestNode> StartAsync(string hocon = "", long capacity = 0)
    {
        var node = await TestNode.StartAsync(_directory.File($"store{_nodes.Count}"), _nodes.FirstOrDefault(), hocon, capacity);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Puts a script that adds a number to its input, as the next version of a name.</summary>
    private Task<ModelHandle> PutAsync(TestNode node, string name, int added, int words = 0) =>
        PutAsync(node.Host, name, added, words);

    private async Task<ModelHandle> PutAsync(ZeroCopyHost host, string name, int added, int words = 0)
    {
        var path = _directory.File($"{name}{added}.pt");
        ScriptText.Save(path, $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return torch.add(x, {added})
              # {string.Concat(Enumerable.Repeat("word ", words / 5))}
            """);
        return await host.Runtime.PutFileAsync(path, new PutOptions { Name = ModelName.Parse(name) });
    }

    /// <summary>Calls again and again; ends with how the first call fails.</summary>
    private static async Task<InferenceFailure> CallUntilFailedAsync(IModelEndpoint endpoint)
    {
        while (true)
        {
            try
            {
                Assert.Equal(3, await CallAsync(endpoint));
            }
            catch (InferenceException e)
            {
                return e.Failure;
            }
        }
    }

    private static async Task<float> CallAsync(IModelEndpoint endpoint)
    {
        using var answer = await CallOnceAsync(endpoint);
        return FirstOf(answer);
    }

    private static Task<ModelAnswer> CallOnceAsync(IModelEndpoint endpoint) => endpoint.CallAsync(
        "", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [2], 1))], new CallOptions { Deadline = Patience });

    private static float FirstOf(ModelAnswer answer) => answer.Outputs[0].Tensor.Values<float>()[0];

    private static async Task<TReply> AskAsync<TReply>(TestNode node, Func<long, EntityRequest> request)
    {
        var reply = await node.Cluster.Node.Ask<EntityReply>(request(1), Patience);
        return reply is TReply wanted ? wanted : throw new InvalidOperationException(reply.ToString());
    }
}
