using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Clustering.Hosting;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Node.Tests.Faults;
using ZeroCopy.Node.Tests.Service;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Tests.Remote;

/// <summary>Commands that work on a cluster of nodes, each a process with a store of its own.</summary>
public sealed class RemoteCommandSpecs : IDisposable
{
    private readonly Zerocopy _nodes = new();
    private readonly LocalZerocopy _local = new();

    public void Dispose()
    {
        _local.Dispose();
        _nodes.Dispose();
    }

    [Fact]
    public async Task Commands_should_work_on_a_cluster_through_any_of_its_nodes()
    {
        using var first = await StartAsync("first");
        using var second = await StartAsync("second", "--seed", first.Address);
        Put("counter");

        var pushed = _local.Run("push", "counter", "--node", first.Address, "--json").Succeeded().Json();
        Assert.Equal("counter@1", pushed.GetProperty("model").GetString());
        Assert.Equal(pushed.GetProperty("bytes").GetInt64(), pushed.GetProperty("moved").GetInt64());
        Assert.True(pushed.GetProperty("seconds").GetDouble() > 0);
        var again = _local.Run("push", "counter", "--node", first.Address, "--json").Succeeded().Json();
        Assert.Equal(("counter@1", 0), (again.GetProperty("model").GetString(), again.GetProperty("moved").GetInt64()));

        await NodeCalls.KnowsAsync(second, "counter");
        var answer = _local.Run("predict", "counter", "--input", Input(7), "--node", $"127.0.0.1:1,{second.Address}").Succeeded().Json();
        Assert.Equal(7, answer.GetProperty("output").GetProperty("data")[0].GetDouble());

        // Who places the model hears that it is loaded, and tells of it, a moment after the first answer.
        JsonElement status = default;
        await Eventually(() =>
        {
            status = _local.Run("cluster", "status", "--node", second.Address, "--json").Succeeded().Json();
            return status.GetProperty("models")[0].GetProperty("replicas").GetArrayLength() > 0;
        });
        var members = status.GetProperty("members").EnumerateArray().ToDictionary(member => member.GetProperty("address").GetString()!);
        foreach (var node in new[] { first, second })
        {
            var member = members[node.Ready.GetProperty("address").GetString()!];
            Assert.Equal("Up", member.GetProperty("status").GetString());
            Assert.Equal("inference", member.GetProperty("roles")[0].GetString());
            Assert.Equal(node.Ready.GetProperty("http").GetString(), member.GetProperty("http").GetString());
        }

        var model = Assert.Single(status.GetProperty("models").EnumerateArray());
        Assert.Equal(
            ("counter", 1, true),
            (Text(model, "name"), model.GetProperty("version").GetInt32(), model.GetProperty("current").GetBoolean()));
        Assert.Contains(
            first.Ready.GetProperty("address").GetString(),
            model.GetProperty("holders").EnumerateArray().Select(holder => holder.GetString()));

        Assert.Equal("counter", Text(Assert.Single(List(second)), "name"));
        var shown = _local.Run("show", "counter@1", "--node", second.Address, "--json").Succeeded().Json();
        Assert.Equal("forward", Text(shown.GetProperty("signature").GetProperty("methods")[0], "name"));

        // A proxy for the world outside, where nobody listens, is none for the nodes.
        using var process = new Zerocopy();
        var pulled = Zerocopy.Finish(process.StartBehind(
            ["env", "http_proxy=http://127.0.0.1:9"],
            "pull", "counter", "--node", second.Address, "--store", _local.File("pulled"), "--json")).Succeeded().Json();
        Assert.Equal(pulled.GetProperty("bytes").GetInt64(), pulled.GetProperty("moved").GetInt64());
        var local = Assert.Single(_local.Run("ls", "--json", "--store", _local.File("pulled")).Succeeded().Json().EnumerateArray());
        Assert.Equal("counter@1", local.GetProperty("names")[0].GetString());
        var held = _local.Run(
            "pull", "counter", "--node", second.Address, "--store", _local.File("pulled"), "--json").Succeeded().Json();
        Assert.Equal(
            ("counter@1", pulled.GetProperty("bytes").GetInt64(), 0),
            (Text(held, "model"), held.GetProperty("bytes").GetInt64(), held.GetProperty("moved").GetInt64()));

        _local.Run("show", "nothing", "--node", second.Address).Failed(1, "There is no model nothing in the cluster");
        _local.Run("predict", "nothing", "--input", Input(7), "--node", second.Address)
            .Failed(1, "There is no model nothing in the cluster");
        _local.Run("predict", "counter@3", "--input", Input(7), "--node", second.Address).Failed(1, "there are counter@1");
        _local.Run("pull", "nothing", "--node", second.Address).Failed(1, "No node of the cluster holds nothing");
        _local.Run("cluster", "rollback", "nothing", "--node", second.Address).Failed(1, "There is no model nothing in the cluster");
        _local.Run("cluster", "rollback", "counter", "--node", second.Address).Failed(1, "counter has no roll-out whose version before");
    }

    [Fact]
    public async Task Status_should_show_the_share_of_calls_that_a_version_gets()
    {
        using var node = await StartAsync("node");
        Put("counter");
        _local.Run("put", NodeScripts.Slow(_local.File("slow.pt")), "--name", "counter").Succeeded();
        _local.Run("push", "counter@1", "--node", node.Address).Succeeded();
        _local.Run("push", "counter@2", "--node", node.Address).Succeeded();

        _local.Run("cluster", "rollout", "counter@1", "--node", node.Address).Succeeded();
        Assert.Equal([(1, 100), (2, 0)], Shares());
        _local.Run("cluster", "rollout", "counter@2", "--percent", "30", "--node", node.Address).Succeeded();
        Assert.Equal([(1, 70), (2, 30)], Shares());
        Assert.Contains(
            "30 % of calls", _local.Run("cluster", "status", "--node", node.Address).Succeeded().Output, StringComparison.Ordinal);

        IEnumerable<(int Version, int Percent)> Shares() => List(node)
            .Select(model => (model.GetProperty("version").GetInt32(), model.GetProperty("percent").GetInt32())).Order();
    }

    [Fact]
    public async Task Commands_should_remove_a_model_from_the_nodes_of_a_cluster()
    {
        using var node = await StartAsync("node");
        Put("counter");
        _local.Run("push", "counter", "--node", node.Address).Succeeded();

        var removed = _local.Run("rm", "counter", "--node", node.Address, "--json").Succeeded().Json();

        Assert.Equal("counter@1", removed.GetProperty("names")[0].GetString());
        Assert.Empty(_local.Run("ls", "--store", _nodes.File("node"), "--json").Succeeded().Json().EnumerateArray());
        _local.Run("rm", "counter", "--node", node.Address).Failed(1, "No node of the cluster holds counter");
    }

    [Fact]
    public async Task Pull_should_refuse_a_version_that_is_another_model_in_the_store()
    {
        _local.Run("put", NodeScripts.Count(_local.File("counter.pt")), "--name", "counter", "--store", _nodes.File("node")).Succeeded();
        _local.Run("put", NodeScripts.Slow(_local.File("slow.pt")), "--name", "counter").Succeeded();
        using var node = await StartAsync("node");
        await NodeCalls.KnowsAsync(node, "counter");
        var before = _local.Run("ls", "--json").Succeeded().Output;

        _local.Run("pull", "counter", "--node", node.Address).Failed(
            1, "counter@1 is another model in this store", "a version never changes its model", "zerocopy rm counter@1");

        Assert.Equal(before, _local.Run("ls", "--json").Succeeded().Output);
        _local.Run("rm", "counter@1").Succeeded();
        _local.Run("pull", "counter", "--node", node.Address).Succeeded();
    }

    [Fact]
    public async Task Store_stat_should_name_the_holders_of_a_node_as_its_metrics_and_its_stores_actor_do()
    {
        _local.Run("put", NodeScripts.Count(_local.File("counter.pt")), "--name", "counter", "--store", _nodes.File("node")).Succeeded();
        using var node = await StartAsync("node", "--serve", "counter");

        var stat = Stat("--node", node.Address);

        var holders = Holders(stat);
        Assert.Contains(holders, holder => holder.Name.StartsWith("pool counter", StringComparison.Ordinal));
        Assert.Contains(holders, holder => holder.Name == "script counter@1");
        var metrics = await ScrapedMetrics.ReadAsync(node.Client);
        Assert.Equal(holders, holders.Select(holder => holder with
        {
            Leases = (int)metrics.Sum("zerocopy_leases", $"holder=\"{holder.Name}\""),
        }));
        Assert.Equal(holders.Sum(holder => holder.Leases), metrics.Sum("zerocopy_leases"));
        Assert.Equal(holders, (await AskStoreAsync(node)).Select(lease => (lease.Holder, $"{lease.Name}", lease.Process, lease.Leases)));
        var text = _local.Run("store", "stat", "--node", node.Address).Succeeded().Output;
        Assert.All(holders, holder => Assert.Contains(holder.Name, text, StringComparison.Ordinal));

        // What another process sees of it, and as much else as the node itself says.
        var host = Stat("--store", _nodes.File("node"));
        var process = holders[0].Process;
        Assert.Equal([($"process {process}", "counter@1", process, 1)], Holders(host));
        Assert.Equal(stat.EnumerateObject().Select(field => field.Name), host.EnumerateObject().Select(field => field.Name));
        Assert.Equal(Text(stat, "directory"), Text(host, "directory"));
        Assert.Equal(stat.GetProperty("liveBytes").GetInt64(), host.GetProperty("liveBytes").GetInt64());
    }

    [Fact]
    public async Task Calls_should_go_on_when_a_node_is_killed()
    {
        using var front = await StartAsync("front");
        using var first = await StartAsync("first", "--seed", front.Address);
        using var second = await StartAsync("second", "--seed", front.Address);
        Put("counter");
        foreach (var node in new[] { first, second })
        {
            _local.Run("push", "counter", "--node", node.Address).Succeeded();
        }

        await NodeCalls.KnowsAsync(front, "counter");
        for (var call = 1; call <= 60; call++)
        {
            Assert.Equal(call, await NodeCalls.CountAsync(front.Client, "counter", call));
            if (call == 30)
            {
                first.Signal("KILL");
            }
        }
    }

    [Fact]
    public async Task Batch_should_go_on_when_a_node_that_it_names_is_killed()
    {
        const int Rows = 150;
        using var first = await StartAsync("first");
        using var second = await StartAsync("second", "--seed", first.Address);
        // The two that are left are the majority.
        using var third = await StartAsync("third", "--seed", first.Address);
        _local.Run("put", NodeScripts.Slow(_local.File("slow.pt")), "--name", "slow").Succeeded();
        foreach (var node in new[] { first, second })
        {
            _local.Run("push", "slow", "--node", node.Address).Succeeded();
        }

        await NodeCalls.KnowsAsync(second, "slow");
        await File.WriteAllLinesAsync(
            _local.File("in.jsonl"), Enumerable.Range(0, Rows).Select(row => $$"""{"x": {{row}}}"""));
        var output = _local.File("out.jsonl");
        using var batch = _nodes.Start(
            "batch", "slow", "--input", _local.File("in.jsonl"), "--output", output, "--batch-size", "1", "--commit-every", "0",
            "--node", $"{first.Address},{second.Address}");
        await Eventually(() => Directory.Exists($"{output}.job")
            && Directory.GetFiles($"{output}.job").Any(file => new FileInfo(file).Length > 0));

        first.Signal("KILL");

        Zerocopy.Finish(batch).Succeeded();
        var answers = (await File.ReadAllLinesAsync(output))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("output").GetDouble());
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => row + 1.0), answers);
    }

    [Fact]
    public async Task Batch_should_make_the_file_through_a_node_that_it_makes_of_the_store()
    {
        using var node = await StartAsync("node");
        _local.Run("put", NodeScripts.Slow(_local.File("slow.pt")), "--name", "slow").Succeeded();
        _local.Run("push", "slow", "--node", node.Address).Succeeded();
        File.WriteAllLines(_local.File("in.jsonl"), Enumerable.Range(0, 50).Select(row => $$"""{"x": [{{row}}, 0.5]}"""));

        Batch("local.parquet").Succeeded();
        // As many as no host takes for itself.
        var run = Batch("remote.parquet", "--node", node.Address, "--actors", $"{Math.Min(4096, (16 * Environment.ProcessorCount) + 1)}");

        Assert.DoesNotContain("zerocopy:", run.Succeeded().Error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(_local.File("local.parquet")), File.ReadAllBytes(_local.File("remote.parquet")));

        Run Batch(string output, params string[] options) => _local.Run(
        [
            "batch", "slow", "--input", _local.File("in.jsonl"), "--output", _local.File(output), "--batch-size", "4", .. options,
        ]);
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("show counter")]
    [InlineData("rm counter")]
    [InlineData("pull counter")]
    [InlineData("predict counter")]
    [InlineData("store stat")]
    [InlineData("cluster status")]
    [InlineData("cluster rollout counter@1")]
    [InlineData("cluster rollback counter")]
    public void Commands_should_say_in_one_line_that_nobody_answers(string command) =>
        _local.Run([.. command.Split(' '), "--node", "127.0.0.1:1"]).Failed(
            1, "No node of a cluster answers at akka.tcp://zerocopy@127.0.0.1:1");

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")]
    public async Task Commands_should_say_in_one_line_that_somebody_else_answers(string words)
    {
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var answering = AnswerAsync(stranger, words);

        _local.Run("ls", "--node", $"127.0.0.1:{((IPEndPoint)stranger.LocalEndpoint).Port}").Failed(
            1, "No node of a cluster answers at", "zerocopy.cluster.tls");
        stranger.Stop();
        await answering.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Calls_should_be_refused_where_every_replica_has_all_that_it_takes()
    {
        File.WriteAllText(
            _nodes.File("full.conf"), "zerocopy.inference.pools.counter { model = counter, size = 1, queue-capacity = 1 }");
        File.WriteAllText(_nodes.File("front.conf"), "zerocopy { cluster.roles = [client], serving.retry-after = 7s }");
        var file = NodeScripts.Count(_local.File("counter.pt"));
        foreach (var store in new[] { "first", "second" })
        {
            _local.Run("put", file, "--name", "counter", "--store", _nodes.File(store)).Succeeded();
        }

        using var first = await StartAsync("first", "--config", _nodes.File("full.conf"));
        using var second = await StartAsync("second", "--config", _nodes.File("full.conf"), "--seed", first.Address);
        using var front = await StartAsync("front", "--config", _nodes.File("front.conf"), "--seed", first.Address);
        await NodeCalls.KnowsAsync(front, "counter");
        foreach (var node in new[] { first, second })
        {
            // Runs until the node ends.
            _ = NodeCalls.CountAsync(node, "counter", 2_000_000_000);
            await Meanwhile.BusyAsync("counter", node.Client);
        }

        using var content = NodeCalls.Count(7);
        using var refused = await front.Client.PostAsync("/v2/models/counter/infer", content);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), refused.Headers.RetryAfter!.Delta);
        var words = await refused.Content.ReadAsStringAsync();
        Assert.All([first, second], node => Assert.Contains(node.Address, words, StringComparison.Ordinal));
        _local.Run("predict", "counter", "--input", Input(7), "--node", front.Address).Failed(1, "counter was tried on 2 nodes");
    }

    [Fact]
    public async Task Predict_should_call_the_method_of_the_pool_unless_another_is_named()
    {
        File.WriteAllText(_nodes.File("down.conf"), "zerocopy.inference.pools.step { model = step, method = down, size = 1 }");
        File.WriteAllText(_local.File("x.json"), """{"x": {"dtype": "F64", "shape": [1], "data": [5]}}""");
        var file = NodeScripts.UpAndDown(_local.File("step.pt"));
        _local.Run("put", file, "--name", "step", "--store", _nodes.File("node")).Succeeded();
        using var node = await StartAsync("node", "--config", _nodes.File("down.conf"));

        Assert.Equal(4, Predict());
        Assert.Equal(6, Predict("--method", "forward"));

        double Predict(params string[] method) =>
            _local.Run(["predict", "step", "--input", _local.File("x.json"), "--node", node.Address, .. method]).Succeeded().Json()
                .GetProperty("output").GetProperty("data")[0].GetDouble();
    }

    [Theory]
    [InlineData("ls --node 10.0.0.7", "'10.0.0.7' is not the address of a node")]
    [InlineData("push counter", "--node")]
    [InlineData("cluster rollout counter --node 127.0.0.1:1", "'counter' names no version")]
    [InlineData("cluster rollout counter@1 --percent x --node 127.0.0.1:1", "--percent is x; it must be a whole number")]
    [InlineData("cluster rollback counter@1 --node 127.0.0.1:1", "names a version")]
    [InlineData("pull 23243da741f7f5e622682b5949b82c35305365aa0a1eb1ef7315c0819bc132fc@x --node 127.0.0.1:1", "is not a model name")]
    public void Commands_should_refuse_a_command_line_that_cannot_work(string command, string words) =>
        _local.Run(command.Split(' ')).Failed(2, words);

    [Theory]
    [InlineData("0")]
    [InlineData("101")]
    [InlineData("99999999999")]
    public void RollOut_should_refuse_a_share_that_is_none(string percent) =>
        _local.Run("cluster", "rollout", "counter@1", "--percent", percent, "--node", "127.0.0.1:1")
            .Failed(1, $"--percent is {percent}; it must be 1 to 100");

    [Fact]
    public void Commands_should_name_what_is_wrong_with_their_file()
    {
        File.WriteAllText(_local.File("bad.conf"), "zerocopy.cluster.tls.certificate = none.pem");

        _local.Run("ls", "--node", "127.0.0.1:1", "--config", _local.File("missing.conf")).Failed(1, "there is no file");
        _local.Run("ls", "--node", "127.0.0.1:1", "--config", _local.File("")).Failed(1, "is a folder, and --config is one file");
        _local.Run("ls", "--node", "127.0.0.1:1", "--config", _local.File("bad.conf")).Failed(1, "'none.pem' cannot be read");
    }

    /// <summary>Says the same to whoever connects, until it is stopped.</summary>
    private static async Task AnswerAsync(TcpListener listener, string words)
    {
        var connections = new List<TcpClient>();
        try
        {
            while (true)
            {
                connections.Add(await listener.AcceptTcpClientAsync());
                await connections[^1].GetStream().WriteAsync(Encoding.ASCII.GetBytes(words));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task Eventually(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    private JsonElement Stat(params string[] of) => _local.Run(["store", "stat", "--json", .. of]).Succeeded().Json();

    private static (string Name, string Model, int Process, int Leases)[] Holders(JsonElement stat) =>
    [
        .. stat.GetProperty("holders").EnumerateArray().Select(holder => (
            Text(holder, "holder"), Text(holder, "model"), holder.GetProperty("process").GetInt32(),
            holder.GetProperty("leases").GetInt32())),
    ];

    /// <summary>Who holds what of a node's store, as its actor answers an actor system that is no node.</summary>
    private static async Task<ImmutableArray<LeaseInfo>> AskStoreAsync(RunningNode node)
    {
        using var system = ActorSystem.Create("asking", ConfigurationFactory.ParseString("""
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              actor.provider = remote
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            }
            """).WithFallback(ClusterConfiguration.Reference));
        var store = system.ActorSelection($"{Text(node.Ready, "address")}/user/zerocopy/object-store");
        var answer = await store.Ask<StoreReply>(StoreRequest.Stat.Instance, TimeSpan.FromMinutes(2));
        await system.Terminate();
        return Assert.IsType<StoreReply.Counted>(answer).Statistics.Holders;
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private Task<RunningNode> StartAsync(string store, params string[] arguments) =>
        RunningNode.StartAsync(_nodes, ["--store", _nodes.File(store), .. arguments]);

    private List<JsonElement> List(RunningNode node) =>
        [.. _local.Run("ls", "--node", node.Address, "--json").Succeeded().Json().EnumerateArray()];

    private void Put(string name) =>
        _local.Run("put", NodeScripts.Count(_local.File($"{name}.pt")), "--name", name).Succeeded();

    private string Input(int times)
    {
        File.WriteAllText(_local.File("input.json"), $$"""
            {"x": {"dtype": "F64", "shape": [1], "data": [0]}, "times": {"dtype": "I64", "shape": [1], "data": [{{times}}] } }
            """);
        return _local.File("input.json");
    }
}
