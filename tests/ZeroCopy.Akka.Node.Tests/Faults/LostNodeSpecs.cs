using Xunit.Abstractions;
using ZeroCopy.Errors;
using ZeroCopy.Node.Tests.Service;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>Nodes that are killed, stopped or cut off while calls run.</summary>
[Collection(FaultCollection.Name)]
public sealed class LostNodeSpecs(ITestOutputHelper output)
{
    /// <summary>While a spec runs nobody is given up for the lack of heartbeats, and no connection is made anew to who was lost.</summary>
    private const string Patient =
        "akka { cluster.failure-detector.acceptable-heartbeat-pause = 10m, remote.retry-gate-closed-for = 10m }";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [SkippableFact]
    public Task Calls_should_go_on_when_the_node_with_the_coordinator_is_killed() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        // The oldest node has the coordinator of the shards.
        await cluster.Add().StartAsync();
        await cluster.StartAsync(2);
        var nodes = cluster.Nodes;
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[1]);
        var stream = CallStream.At("counter", nodes);
        await stream.GoOnAsync();

        await nodes[0].KillAsync();
        await stream.GoOnAsync();
        // What nobody has asked for before needs the new coordinator.
        await cluster.PutCounterAsync("other");
        await cluster.PushAsync("other", nodes[2]);
        await cluster.AssertSettledAsync("counter", "other");
        await nodes[0].StartAsync();
        await cluster.AssertSettledAsync("counter", "other");

        var tally = await stream.EndAsync(nodes[0]);
        output.WriteLine($"{tally}");
        Assert.DoesNotContain(tally.Failed, call => call.Entry != nodes[0]);
    });

    [SkippableFact]
    public Task Calls_should_go_elsewhere_by_the_closed_connection_alone() => HostCluster.RunAsync(output, async cluster =>
    {
        const string Pool = $"{Patient}\nzerocopy.inference.pools.counter.model = counter";
        HostNode[] nodes = [cluster.Add(Patient), cluster.Add(Pool), cluster.Add(Pool)];
        cluster.PutCounterInto("counter", nodes[1], nodes[2]);
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        var stream = CallStream.At("counter", nodes);
        await stream.GoOnAsync();

        await nodes[1].KillAsync();
        await stream.GoOnAsync(200);

        var tally = await stream.EndAsync(nodes[1]);
        output.WriteLine($"{tally}");
        Assert.DoesNotContain(tally.Failed, call => call.Entry != nodes[1]);
        Assert.DoesNotContain(nodes[0].Log, line => line.Contains("UNREACHABLE", StringComparison.Ordinal));
    });

    [SkippableFact]
    public Task Model_that_nobody_called_should_be_found_while_its_entity_is_lost() => HostCluster.RunAsync(output, async cluster =>
    {
        // The first node has the coordinator of the shards, and nobody takes its place: no member is held for lost.
        await cluster.Add(Patient).StartAsync();
        var (holder, caller) = (cluster.Add(Patient), cluster.Add(Patient));
        cluster.PutCounterInto("counter", holder);
        await Task.WhenAll(holder.StartAsync(), caller.StartAsync());

        await cluster.Nodes[0].KillAsync();

        Assert.Equal(3, await cluster.CountAsync(caller, "counter", 3));
        Assert.DoesNotContain(caller.Log, line => line.Contains("UNREACHABLE", StringComparison.Ordinal));
    });

    [SkippableFact]
    public Task Call_should_be_answered_elsewhere_when_its_node_is_killed() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3);
        await cluster.PutCounterAsync();
        await cluster.PutCounterAsync("long");
        await cluster.PushAsync("counter", nodes[1], nodes[2]);
        await cluster.PushAsync("long", nodes[1], nodes[2]);
        var stream = CallStream.At("counter", nodes);
        await stream.GoOnAsync();

        var call = cluster.CountAsync(nodes[0], "long", 4_000_000);
        var busy = await Meanwhile.BusyAsync("long", nodes[1].Client, nodes[2].Client) == nodes[1].Client ? nodes[1] : nodes[2];
        await busy.KillAsync();

        Assert.Equal(4_000_000, await call);
        await busy.StartAsync();
        await cluster.AssertSettledAsync("counter", "long");
        var tally = await stream.EndAsync(busy);
        output.WriteLine($"{tally}");
        Assert.DoesNotContain(tally.Failed, call => call.Entry != busy);
    });

    [SkippableFact]
    public Task Node_that_was_stopped_should_end_when_it_goes_on_and_the_others_serve() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3);
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[1], nodes[2]);
        var stream = CallStream.At("counter", nodes);
        await stream.GoOnAsync();

        nodes[2].Process.Signal("STOP");
        await nodes[0].Process.Log.SaysAsync($"removing unreachable node [{nodes[2].Address}]", Patience);
        await stream.GoOnAsync();
        nodes[2].Process.Signal("CONT");

        await nodes[2].RemovedAsync();
        await cluster.AssertSettledAsync("counter");
        await nodes[2].StartAsync();
        await cluster.AssertSettledAsync("counter");
        var tally = await stream.EndAsync(nodes[2]);
        output.WriteLine($"{tally}");
    });

    [SkippableFact]
    public Task Majority_should_serve_and_minority_end_when_a_cable_is_pulled() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3);
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[2]);
        var stream = CallStream.At("counter", nodes);
        await stream.GoOnAsync();

        nodes[2].Host.Unplug();
        // Whoever is on the same side as a node that has the model is served until the node ends.
        Assert.Equal(7, await cluster.CountAsync(nodes[2], "counter", 7, from: nodes[2].Host));
        await nodes[2].RemovedAsync();
        await cluster.AssertSettledAsync("counter");
        nodes[2].Host.Plug();
        await nodes[2].StartAsync();

        await cluster.AssertSettledAsync("counter");
        var tally = await stream.EndAsync(nodes[2]);
        output.WriteLine($"{tally}");
    });

    [SkippableFact]
    public Task Calls_with_time_left_should_be_answered_when_a_cable_is_plugged_in_again() => HostCluster.RunAsync(output, async cluster =>
    {
        // Nobody is removed meanwhile.
        var nodes = await cluster.StartAsync(3, "akka.cluster.split-brain-resolver.stable-after = 10m");
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[1]);
        Assert.Equal(1, await cluster.CountAsync(nodes[2], "counter", 1));

        nodes[2].Host.Unplug();
        using var client = nodes[2].Host.CreateClient(nodes[2].Url, Patience);
        await RefusedAsync();
        using var content = NodeCalls.Count(4, Patience);
        var call = client.PostAsync("/v2/models/counter/infer", content);
        // Behind it, so that the other one has found nobody either.
        await RefusedAsync();
        nodes[2].Host.Plug();

        using var answer = await call;
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

        async Task RefusedAsync()
        {
            using var timed = NodeCalls.Count(2, TimeSpan.FromSeconds(5));
            using var refused = await client.PostAsync("/v2/models/counter/infer", timed);
            Assert.Equal(nameof(InferenceFailure.DeadlineExceeded), Assert.Single(refused.Headers.GetValues("zerocopy-failure")));
        }
    });

    [SkippableFact]
    public Task Cluster_should_keep_together_when_a_node_is_cut_off_and_comes_back_again_and_again() =>
        HostCluster.RunSoakAsync(output, async cluster =>
        {
            const int Rounds = 12;
            var nodes = await cluster.StartAsync(3);
            await cluster.PutCounterAsync();
            await cluster.PushAsync("counter", nodes[0], nodes[2]);
            for (var round = 0; round < Rounds; round++)
            {
                var stream = CallStream.At("counter", nodes);
                await stream.GoOnAsync();
                nodes[2].Host.Unplug();
                await nodes[2].RemovedAsync();
                await cluster.AssertSettledAsync("counter");
                nodes[2].Host.Plug();
                await nodes[2].StartAsync();
                await cluster.AssertSettledAsync("counter");
                await stream.EndAsync(nodes[2]);
            }
        });

    [SkippableFact]
    public Task Node_with_the_higher_address_should_end_with_the_other_of_two() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(2);
        await nodes[0].KillAsync();

        await nodes[1].RemovedAsync();
    });

    [SkippableFact]
    public Task Node_with_the_lower_address_should_outlive_the_other_of_two() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(2);
        await nodes[1].KillAsync();

        await nodes[0].Process.Log.SaysAsync($"removing unreachable node [{nodes[1].Address}]", Patience);
        await nodes[1].StartAsync();
        await cluster.AssertSettledAsync();
    });
}
