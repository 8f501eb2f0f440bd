using Xunit.Abstractions;
using ZeroCopy.Node.Tests.Service;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>Nodes of one host, which have one store, and commands beside them.</summary>
[Collection(FaultCollection.Name)]
public sealed class SharedStoreSpecs(ITestOutputHelper output)
{
    [SkippableFact]
    public Task Nodes_of_one_store_should_serve_when_one_of_them_is_killed_and_comes_back() => HostCluster.RunAsync(output, async cluster =>
    {
        var first = cluster.Add();
        HostNode[] nodes = [first, cluster.AddBeside(first), cluster.Add()];
        cluster.PutCounterInto("counter", first);
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        var stream = CallStream.At("counter", nodes);
        await stream.GoOnAsync();

        await nodes[1].KillAsync();
        await stream.GoOnAsync();
        await nodes[1].StartAsync();
        await cluster.AssertSettledAsync("counter");

        var tally = await stream.EndAsync(nodes[1]);
        output.WriteLine($"{tally}");
        Assert.DoesNotContain(tally.Failed, call => call.Entry != nodes[1]);
        cluster.AssertNothingUnfinished(first.Store);
    });

    [SkippableFact]
    public Task Nodes_should_see_what_commands_do_to_their_store() => HostCluster.RunAsync(output, async cluster =>
    {
        var first = cluster.Add();
        HostNode[] nodes = [first, cluster.AddBeside(first)];
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        cluster.PutCounterInto("counter", first);
        cluster.PutCounterInto("other", first);
        await cluster.AssertSettledAsync("counter", "other");

        // By another process, on the nodes' directory: not by a message to one of them.
        (await cluster.CommandAsync("rm", "counter", "--store", first.Store)).Succeeded();
        (await cluster.CommandAsync("store", "gc", "--store", first.Store)).Succeeded();

        foreach (var node in nodes)
        {
            await NodeCalls.ForgottenAsync(node.Client, "counter");
        }

        await cluster.AssertSettledAsync("other");
    });
}
