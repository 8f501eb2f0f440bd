using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Models that are removed from the cluster.</summary>
public sealed class RemovalSpecs : ClusterSpec
{
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
        var callers = new List<Task<InferenceException>>();
        foreach (var node in Nodes)
        {
            var endpoint = await Eventually.FindAsync(node.Cluster.Endpoints, "contract");
            Assert.Equal(3, await CallAsync(endpoint));
            callers.AddRange(Enumerable.Range(0, 3).Select(_ => Task.Run(() => CallUntilFailedAsync(endpoint))));
        }

        var removed = await RemoveAsync(first);

        Assert.Equal(["contract@1"], Assert.IsType<NodeReply.Removed>(removed).Names.Select(name => name.ToString()));
        Assert.All(
            await Task.WhenAll(callers).WaitAsync(Patience),
            failure => Assert.True(failure.Failure is InferenceFailure.ModelNotFound, $"{failure}"));
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
        foreach (var node in Nodes)
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

    /// <summary>Calls again and again; ends with how the first call fails.</summary>
    private static async Task<InferenceException> CallUntilFailedAsync(IModelEndpoint endpoint)
    {
        while (true)
        {
            try
            {
                Assert.Equal(3, await CallAsync(endpoint));
            }
            catch (InferenceException e)
            {
                return e;
            }
        }
    }
}
