using Xunit.Abstractions;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>Whole clusters that start, and that are restarted node by node.</summary>
[Collection(FaultCollection.Name)]
public sealed class RestartSpecs(ITestOutputHelper output)
{
    private const int Rounds = 3;
    private const int Many = 20;

    // As many processes compile their code and load libtorch at once, on the cores of one machine.
    private static readonly TimeSpan ManyStarts = TimeSpan.FromMinutes(5);

    [SkippableFact]
    public Task No_call_should_fail_when_all_nodes_are_restarted_one_by_one() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3);
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0]);
        var stream = CallStream.Balanced("counter", nodes);
        await stream.GoOnAsync();

        foreach (var node in Enumerable.Repeat(nodes, Rounds).SelectMany(round => round))
        {
            await node.StopAsync();
            await node.StartAsync();
            await stream.GoOnAsync();
        }

        await cluster.AssertSettledAsync("counter");
        var tally = await stream.EndAsync();
        output.WriteLine($"{tally}");
        Assert.Empty(tally.Failed);
    });

    [SkippableFact]
    public Task Many_nodes_should_all_be_ready_and_call_all_models_when_they_start_at_once() => HostCluster.RunSoakAsync(
        output, async cluster =>
    {
        var nodes = Enumerable.Range(0, Many).Select(_ => cluster.Add("zerocopy.inference.pool-defaults.size = 1")).ToArray();
        foreach (var (node, i) in nodes.Select((node, i) => (node, i)))
        {
            cluster.PutCounterInto($"counter{i}", node);
        }

        await Task.WhenAll(nodes.Select(node => node.StartAsync()));

        var models = Enumerable.Range(0, Many).Select(i => $"counter{i}").ToArray();
        await cluster.AssertSettledAsync(ManyStarts, models);
    });
}
