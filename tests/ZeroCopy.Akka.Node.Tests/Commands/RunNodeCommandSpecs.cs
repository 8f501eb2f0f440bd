using System.Collections.Concurrent;
using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Akka.Actor;
using Akka.Cluster;
using ZeroCopy.Clustering.Hosting;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Commands;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Node.Tests.Service;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>Nodes as processes of their own, called by HTTP.</summary>
public sealed class RunNodeCommandSpecs : IDisposable
{
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public async Task Node_should_be_ready_with_its_models_warm_and_say_where_it_is()
    {
        Put("counter");

        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "counter");

        Assert.Matches(@"^akka\.tcp://zerocopy@127\.0\.0\.1:[1-9]\d*$", node.Ready.GetProperty("address").GetString()!);
        Assert.Matches(@"^http://127\.0\.0\.1:[1-9]\d*$", node.Ready.GetProperty("http").GetString()!);
        foreach (var path in new[] { "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready" })
        {
            using var answer = await node.Client.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.OK), (path, answer.StatusCode));
        }

        // Calls are answered from now on; who places the model hears that it is loaded, and tells of it, a moment later.
        await NodeCalls.AnswersAsync(node.Client, "/v2/models/counter/ready");
        Assert.Equal(7, await NodeCalls.CountAsync(node.Client, "counter", 7));
    }

    [Fact]
    public async Task Node_should_take_the_store_of_its_file_before_that_of_the_environment()
    {
        File.WriteAllText(_zerocopy.File("node.conf"), $"zerocopy.object-store.directory = \"{_zerocopy.File("other")}\"");

        using var node = await RunningNode.StartAsync(_zerocopy, "--config", _zerocopy.File("node.conf"));

        Assert.Equal((true, false), (Directory.Exists(_zerocopy.File("other")), Directory.Exists(_zerocopy.Store)));
    }

    [SkippableFact]
    public async Task Node_should_be_reached_at_an_address_of_version_6()
    {
        Skip.IfNot(HasLoopback6(), "This machine has no loopback of IPv6.");
        Put("counter");

        using var node = await RunningNode.StartAsync(_zerocopy, "--host", "::1");

        Assert.StartsWith("http://[::1]:", node.Ready.GetProperty("http").GetString(), StringComparison.Ordinal);
        Assert.Equal(7, await NodeCalls.CountAsync(node.Client, "counter", 7));
        _zerocopy.RunInside("pull", "counter", "--node", node.Address, "--store", _zerocopy.File("pulled")).Succeeded();
    }

    private static bool HasLoopback6()
    {
        try
        {
            using var listener = new TcpListener(IPAddress.IPv6Loopback, 0);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [Fact]
    public async Task Node_should_serve_a_model_that_another_process_puts_while_it_runs()
    {
        using var node = await RunningNode.StartAsync(_zerocopy);
        using var before = await node.Client.GetAsync("/v2/models/counter");
        Assert.Equal(HttpStatusCode.NotFound, before.StatusCode);

        Put("counter");

        Assert.Equal(7, await NodeCalls.CountAsync(node.Client, "counter", 7));
    }

    [Fact]
    public async Task Node_should_answer_every_running_call_and_leave_nothing_behind_when_it_is_told_to_end()
    {
        Put("counter");
        File.WriteAllText(_zerocopy.File("node.conf"), "zerocopy { serving.drain-delay = 3s, inference.drain-timeout = 60s }");
        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "counter", "--config", _zerocopy.File("node.conf"));
        using var calling = new CancellationTokenSource();
        var answers = new ConcurrentBag<double>();
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!calling.IsCancellationRequested)
            {
                answers.Add(await NodeCalls.CountAsync(node.Client, "counter", 100_000));
                running.TrySetResult();
            }
        })).ToArray();
        await running.Task;

        node.Signal("TERM");
        await node.NextAsync("draining");
        using var ready = await node.Client.GetAsync("/health/ready");
        // It runs when the port closes, and the calls of the others come until shortly before.
        var last = NodeCalls.CountAsync(node.Client, "counter", 2_000_000);
        await calling.CancelAsync();
        await Task.WhenAll(callers);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.True(ready.Headers.ConnectionClose);
        Assert.Equal(2_000_000, await last);
        Assert.All(answers, answer => Assert.Equal(100_000, answer));
        await node.NextAsync("stopped");
        Assert.Equal(0, (await node.EndAsync()).ExitCode);
        Assert.Equal(["counter@1"], Unused());
        Assert.Equal(0, _zerocopy.RunInside("store", "stat", "--json").Succeeded().Json().GetProperty("temporaryBytes").GetInt64());
    }

    [Fact]
    public async Task Node_should_end_as_told_where_calls_may_take_any_time()
    {
        File.WriteAllText(
            _zerocopy.File("node.conf"),
            "zerocopy { serving.drain-delay = 10ms, inference.drain-timeout = 49d, cluster.leave-timeout = 49d }");
        using var node = await RunningNode.StartAsync(_zerocopy, "--config", _zerocopy.File("node.conf"));

        node.Signal("TERM");

        Assert.Equal(0, (await node.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Node_should_end_as_told_where_a_client_holds_half_a_request()
    {
        Put("counter");
        File.WriteAllText(
            _zerocopy.File("node.conf"),
            "zerocopy { serving.drain-delay = 10ms, inference.drain-timeout = 100ms, cluster.leave-timeout = 48d }");
        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "counter", "--config", _zerocopy.File("node.conf"));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port);
        await client.SendAsync("POST /v2/models/counter/infer HTTP/1.1\r\nHost: node\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());
        // It is being read by the time when another one is answered.
        await NodeCalls.CountAsync(node.Client, "counter", 1);

        node.Signal("TERM");

        Assert.Equal(0, (await node.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Node_should_end_as_told_while_calls_run_that_nobody_waits_for()
    {
        _zerocopy.RunInside("put", NodeScripts.Multiply(_zerocopy.File("multiply.pt")), "--name", "multiply").Succeeded();
        File.WriteAllText(_zerocopy.File("node.conf"), $$"""
            zerocopy {
              serving.drain-delay = 100ms
              inference { drain-timeout = 1s, pool-defaults { size = {{Environment.ProcessorCount}}, deadline = 2s } }
            }
            """);
        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "multiply", "--config", _zerocopy.File("node.conf"));
        // One for each thread that computes, and two that wait.
        var calls = Enumerable.Range(0, Environment.ProcessorCount + 2)
            .Select(_ => NodeCalls.CountAsync(node.Client, "multiply", int.MaxValue)).ToArray();
        foreach (var call in calls)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => call);
        }

        node.Signal("TERM");

        await node.NextAsync("draining");
        await node.NextAsync("stopped");
        var end = await node.EndAsync();
        Assert.Equal(0, end.ExitCode);
        Assert.Contains("still run end with the process", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_should_end_at_once_at_a_second_signal()
    {
        Put("counter");
        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "counter");
        var call = NodeCalls.CountAsync(node.Client, "counter", 50_000_000);
        node.Signal("INT");
        await node.NextAsync("draining");

        node.Signal("INT");

        Assert.NotEqual(0, (await node.EndAsync()).ExitCode);
        await Assert.ThrowsAnyAsync<Exception>(() => call);
        Assert.Equal(["counter@1"], Unused());
    }

    [Theory]
    [InlineData("node.conf")]
    [InlineData("tls.conf")]
    public async Task Node_should_start_with_the_file_that_hocon_has_for_it(string file)
    {
        using var authority = new TestAuthority(_zerocopy.Directory);
        var (certificate, key) = authority.Give();
        File.Copy(certificate, _zerocopy.File("node.pem"));
        File.Copy(key, _zerocopy.File("node.key"));
        File.Copy(authority.File, _zerocopy.File("authorities.pem"));

        using var node = await RunningNode.StartAsync(_zerocopy, "--config", Hocon(file));

        node.Signal("TERM");
        await node.NextAsync("draining");
        await node.NextAsync("stopped");
        Assert.Equal(0, (await node.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Nodes_should_be_a_cluster_with_the_files_that_hocon_has_for_them()
    {
        var own = $"127.0.0.1:{FreePort()}";
        using var seed = await RunningNode.StartAsync(
            _zerocopy, "--config", Hocon("seed.conf"), "--port", own.Split(':')[1], "--seed", own);
        foreach (var file in new[] { "member.conf", "client.conf", "processes.conf" })
        {
            using var node = await RunningNode.StartAsync(_zerocopy, "--config", Hocon(file), "--seed", seed.Address);
            // Leaves by itself: members that die one after the other would leave the seed in the minority.
            node.Signal("TERM");
            Assert.Equal(0, (await node.EndAsync()).ExitCode);
        }
    }

    [Fact]
    public async Task Node_should_end_as_a_failure_when_the_others_remove_it()
    {
        using var node = await RunningNode.StartAsync(_zerocopy);
        using var other = ActorSystem.Create("zerocopy", ClusterConfiguration.Complete("zerocopy.cluster { port = 0, roles = [other] }"));
        var removed = Address.Parse(node.Ready.GetProperty("address").GetString()!);
        await Cluster.Get(other).JoinAsync(removed);

        Cluster.Get(other).Down(removed);

        await node.NextAsync("draining");
        await node.NextAsync("stopped");
        var end = await node.EndAsync();
        Assert.Equal(1, end.ExitCode);
        Assert.Contains("zerocopy: The other members of the cluster lost sight of this node", end.Error, StringComparison.Ordinal);
        await other.Terminate();
    }

    [Fact]
    public async Task Node_should_name_both_versions_and_end_where_the_cluster_has_another()
    {
        using var other = ActorSystem.Create("zerocopy", ClusterConfiguration.Complete(
            "akka.cluster.app-version = 9.8.7-zerocopy, zerocopy.cluster { port = 0, roles = [other] }"));
        var address = Cluster.Get(other).SelfAddress;
        await Cluster.Get(other).JoinAsync(address);

        using var node = RunningNode.Begin(_zerocopy, "--port", "0", "--http", "0", "--seed", $"127.0.0.1:{address.Port}");

        var end = await node.EndAsync();
        Assert.Equal(1, end.ExitCode);
        Assert.Matches(
            $@"zerocopy: The node cannot start: it did not become a member of the cluster: This node runs version \d+\.\d+\.\d+ of "
            + $"ZeroCopy.Akka and {address} version 9.8.7, which do not work together in one cluster\\.",
            end.Error);
        await other.Terminate();
    }

    [Fact]
    public async Task Node_should_join_the_cluster_of_a_seed_and_leave_it()
    {
        using var first = await RunningNode.StartAsync(_zerocopy);
        using var second = await RunningNode.StartAsync(_zerocopy, "--seed", $"127.0.0.1:1,{first.Address}");

        second.Signal("TERM");

        await second.NextAsync("draining");
        await second.NextAsync("stopped");
        Assert.Equal(0, (await second.EndAsync()).ExitCode);
        first.Signal("TERM");
        await first.NextAsync("draining");
        await first.NextAsync("stopped");
        var log = (await first.EndAsync()).Error;
        var address = second.Ready.GetProperty("address").GetString();
        Assert.Contains($"Node [{address}] is JOINING, roles [inference]", log, StringComparison.Ordinal);
        Assert.Contains($"Exiting confirmed [{address}]", log, StringComparison.Ordinal);
        // But for the last word of Akka, whose loggers have stopped before.
        Assert.All(log.Split('\n').Where(line => line.StartsWith('{')), line => Assert.Equal(
            DateTimeKind.Utc, JsonDocument.Parse(line).RootElement.GetProperty("Timestamp").GetDateTime().Kind));
    }

    [Fact]
    public async Task Node_should_exit_with_0_when_it_is_told_to_end_before_it_has_started()
    {
        var command = CommandLine.Create(new RunNodeCommand())
            .Parse(["--store", _zerocopy.Store, "node", "--host", "127.0.0.1", "--port", "0", "--http", "0"]);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };

        var code = await command.InvokeAsync(configuration, new CancellationToken(canceled: true));

        Assert.Equal((0, "stopped", ""), (code, output.ToString().Trim(), error.ToString()));
    }

    [Theory]
    [InlineData("--seed other", "'other' is not the address of a node")]
    [InlineData("--http x", "--http is x; it must be a whole number")]
    [InlineData("--serve a/b", "'a/b' is not a model name")]
    public void Node_should_refuse_a_command_line_that_cannot_work(string arguments, string words) =>
        _zerocopy.Run(["node", .. arguments.Split(' ')]).Failed(2, words);

    [Theory]
    [InlineData("--port 65536", "--port is 65536; it must be 0 to 65535")]
    [InlineData("--http 99999999999", "--http is 99999999999; it must be 0 to 65535")]
    [InlineData("--grpc -1", "--grpc is -1; it must be 0 to 65535")]
    public void Node_should_refuse_a_port_that_is_none(string arguments, string words) =>
        _zerocopy.Run(["node", .. arguments.Split(' ')]).Failed(1, words);

    [Fact]
    public void Node_should_name_everything_that_keeps_it_from_starting()
    {
        File.WriteAllText(_zerocopy.File("node.conf"), "zerocopy.serving { prot = 1, max-tensors = none }");

        var run = _zerocopy.Run("node", "--config", _zerocopy.File("node.conf"), "--host", "no-such-host.invalid");

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Collection(
            run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("zerocopy: zerocopy.serving.prot is no setting", line, StringComparison.Ordinal),
            line => Assert.StartsWith("zerocopy: zerocopy.serving.max-tensors is 'none'", line, StringComparison.Ordinal),
            line => Assert.StartsWith("zerocopy: host 'no-such-host.invalid' does not resolve", line, StringComparison.Ordinal));
    }

    /// <summary>A port that nobody has right now, for a node that knows its own before it starts.</summary>
    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string Hocon(string file) => Path.Combine(RepositoryRoot.Path, "hocon", file);

    private void Put(string name) =>
        _zerocopy.RunInside("put", NodeScripts.Count(_zerocopy.File($"{name}.pt")), "--name", name).Succeeded();

    /// <summary>Names of the models, of which none is in use.</summary>
    private string[] Unused()
    {
        var models = _zerocopy.RunInside("ls", "--json").Succeeded().Json().EnumerateArray().ToList();
        Assert.All(models, model => Assert.False(model.GetProperty("inUse").GetBoolean()));
        return [.. models.SelectMany(model => model.GetProperty("names").EnumerateArray().Select(name => name.GetString()!))];
    }
}
