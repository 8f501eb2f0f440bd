using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Versions of a name, and which of them calls get.</summary>
public sealed class RolloutSpecs : ClusterSpec
{
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
    public async Task A_version_should_be_let_go_where_the_next_one_is_current()
    {
        var node = await StartAsync();
        var before = await PutAsync(node, "contract", 1);
        var endpoint = await Eventually.FindAsync(node.Cluster.Endpoints, "contract");
        Assert.Equal(3, await CallAsync(endpoint));
        Assert.True(IsLeased());

        await PutAsync(node, "contract", 11);

        await Eventually.TrueAsync(
            node.Cluster.Endpoints,
            async () => await CallAsync(endpoint) == 13 && !IsLeased(), "version 2 answers, and version 1 has no lease any more");

        bool IsLeased() => node.Host.Store.ListLeases().Any(lease => lease.Model == before.Id);
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
        Nodes.Clear();

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
}
