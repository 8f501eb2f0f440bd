using Xunit.Abstractions;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>What happens to nodes, networks and stores while models move, and calls run.</summary>
[Collection(FaultCollection.Name)]
public sealed class MovingModelSpecs(ITestOutputHelper output)
{
    /// <summary>Bytes move so slowly that a spec can do something meanwhile.</summary>
    private const string Slow = "zerocopy.cluster.transfer.rate = 6m";

    private const int Mebibytes = 48;

    [SkippableFact]
    public Task Transfer_should_fail_in_one_line_when_its_target_is_killed() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3);
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[1]);
        await cluster.PutLargeAsync("large", 1, Mebibytes);
        File.WriteAllText(cluster.File("slow.conf"), Slow);
        var stream = CallStream.At("counter", nodes);

        var push = cluster.CommandAsync("push", "large", "--node", nodes[2].Contact, "--config", cluster.File("slow.conf"));
        await Meanwhile.ReceivingAsync(nodes[2].Store);
        await nodes[2].KillAsync();

        (await push).Failed(1, nodes[2].Address, "was lost before it answered");
        await nodes[2].StartAsync();
        await cluster.AssertSettledAsync("counter");

        // What had come is not sent again.
        var again = (await cluster.CommandAsync("push", "large", "--node", nodes[2].Contact, "--json")).Succeeded().Json();
        Assert.InRange(again.GetProperty("moved").GetInt64(), 1, again.GetProperty("bytes").GetInt64() - 1);
        cluster.AssertNothingUnfinished(nodes[2].Store);
        await cluster.AssertSettledAsync("counter", "large");
        output.WriteLine($"{await stream.EndAsync(nodes[2])}");
    });

    [SkippableFact]
    public Task Transfer_should_go_on_from_another_node_when_its_source_is_killed() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3, Slow);
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[1]);
        await cluster.PutLargeAsync("large", 1, Mebibytes);
        await cluster.PushAsync("large", nodes[1], nodes[2]);
        var stream = CallStream.At("counter", nodes);

        var pull = cluster.CommandAsync("pull", "large", "--node", nodes[0].Contact, "--store", cluster.File("pulled"));
        await Meanwhile.ReceivingAsync(cluster.File("pulled"));
        await nodes[2].KillAsync();
        (await pull).Succeeded();
        (await cluster.CommandAsync("store", "verify", "--store", cluster.File("pulled"))).Succeeded();

        await nodes[2].StartAsync();
        await cluster.AssertSettledAsync("counter", "large");

        // Where no other has it there is none to go on from.
        await cluster.PutLargeAsync("sole", 2, Mebibytes);
        await cluster.PushAsync("sole", nodes[2]);
        pull = cluster.CommandAsync("pull", "sole", "--node", nodes[0].Contact, "--store", cluster.File("other"));
        await Meanwhile.ReceivingAsync(cluster.File("other"));
        await nodes[2].KillAsync();
        (await pull).Failed(1, "could not be received", nodes[2].Host.Address);
        cluster.AssertEmpty(cluster.File("other"));

        await nodes[2].StartAsync();
        await cluster.AssertSettledAsync("counter", "large", "sole");
        output.WriteLine($"{await stream.EndAsync(nodes[2])}");
    });

    [SkippableFact]
    public Task Rollout_should_end_in_one_version_when_a_node_is_killed_in_it() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3, Slow);
        await cluster.PutLargeAsync("large", 1, 4);
        await cluster.PushAsync("large", nodes[1], nodes[2]);
        var stream = CallStream.At("large", nodes, 1, 2);
        await stream.GoOnAsync();
        var (_, models) = await cluster.StatusAsync(nodes[0]);
        // Calls may have spread it.
        var warm = Assert.Single(models).GetProperty("replicas").EnumerateArray().First().GetString();
        var busy = nodes.Single(node => node.Address == warm);
        await cluster.PutLargeAsync("large", 2, Mebibytes);

        // The new version is to be loaded where the one before is, and comes there slowly.
        await cluster.PushAsync("large", nodes[0]);
        var rollout = cluster.CommandAsync("cluster", "rollout", "large@2", "--node", nodes[0].Contact);
        await Meanwhile.ReceivingAsync(busy.Store);
        await busy.KillAsync();
        var end = await rollout;
        output.WriteLine($"{end}");
        await busy.StartAsync();
        await cluster.AssertSettledAsync("large");
        if (end.ExitCode != 0)
        {
            end.Failed(1, "large@2");
            (await cluster.CommandAsync("cluster", "rollout", "large@2", "--node", nodes[0].Contact)).Succeeded();
        }

        await cluster.AssertSettledAsync("large");
        var tally = await stream.EndAsync(busy);
        output.WriteLine($"{tally}");
        foreach (var node in nodes)
        {
            // Version 2 adds two.
            Assert.Equal(10, await cluster.CountAsync(node, "large", 5));
        }
    });

    [SkippableFact]
    public Task Calls_and_transfers_should_work_over_a_slow_and_lossy_link() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        using var link = new SlowLink(TimeSpan.FromMilliseconds(50), loss: 0.05);
        HostNode[] nodes = [cluster.Add(), cluster.Add(), cluster.Add(slow: link)];
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[1]);
        await cluster.PutLargeAsync("large", 1, 1);
        var stream = CallStream.At("counter", nodes);
        await stream.GoOnAsync();

        await cluster.PushAsync("large", nodes[2]);
        (await cluster.CommandAsync("pull", "large", "--node", nodes[2].Contact, "--store", cluster.File("pulled"))).Succeeded();
        await stream.GoOnAsync(200);

        await cluster.AssertSettledAsync("counter", "large");
        output.WriteLine($"{await stream.EndAsync()}\n{link.Counts}");
        Assert.True(link.Counts.Lost > 0);
    });

    [SkippableFact]
    public Task Push_and_pull_into_a_full_store_should_fail_in_one_line_and_leave_nothing() => HostCluster.RunSoakAsync(
        output, async cluster =>
    {
        const string Small = "zerocopy.object-store { capacity = 20m, put-deadline = 1s }";
        HostNode[] nodes = [cluster.Add(), cluster.Add(Small), cluster.Add()];
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[1]);
        await cluster.PutLargeAsync("large", 1, Mebibytes);
        var stream = CallStream.At("counter", nodes);

        (await cluster.CommandAsync("push", "large", "--node", nodes[1].Contact)).Failed(1, "zerocopy.object-store.capacity");
        cluster.AssertNothingUnfinished(nodes[1].Store);
        await cluster.PushAsync("large", nodes[0]);
        // A file system of which nobody has said how much of it a store may take.
        (await cluster.CommandInSmallFilesAsync(
            16, cluster.File("small"), "pull", "large", "--node", nodes[2].Contact, "--store", cluster.File("small")))
            .Failed(1, "bytes");

        await cluster.AssertSettledAsync("counter", "large");
        output.WriteLine($"{await stream.EndAsync()}");
    });

    [SkippableFact]
    public Task Transfer_should_drop_and_name_a_source_with_damaged_blocks() => HostCluster.RunSoakAsync(output, async cluster =>
    {
        var nodes = await cluster.StartAsync(3);
        await cluster.PutCounterAsync();
        await cluster.PushAsync("counter", nodes[0], nodes[1]);
        await cluster.PutLargeAsync("large", 1, Mebibytes);
        await cluster.PushAsync("large", nodes[0], nodes[1]);
        var stream = CallStream.At("counter", nodes);
        Meanwhile.Damage(nodes[1].Store);

        var good = await cluster.CommandAsync("pull", "large", "--node", nodes[2].Contact, "--store", cluster.File("good"));
        good.Succeeded();
        Assert.Contains($"{nodes[1].Host.Address}", good.Error, StringComparison.Ordinal);
        Assert.Contains("sent other bytes than those of block", good.Error, StringComparison.Ordinal);
        (await cluster.CommandAsync("store", "verify", "--store", cluster.File("good"))).Succeeded();

        await nodes[0].StopAsync();
        (await cluster.CommandAsync("pull", "large", "--node", nodes[2].Contact, "--store", cluster.File("bad")))
            .Failed(1, nodes[1].Host.Address, "sent other bytes than those of block");
        cluster.AssertEmpty(cluster.File("bad"));

        output.WriteLine($"{await stream.EndAsync(nodes[0])}");
    });
}
