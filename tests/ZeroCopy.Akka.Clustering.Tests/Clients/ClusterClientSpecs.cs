using Akka.Actor;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Clients;

public sealed class ClusterClientSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly ActorSystem _system = ClientSystem.Start();
    private readonly List<TestNode> _nodes = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _system.Terminate().WaitAsync(Patience);
        foreach (var node in _nodes.AsEnumerable().Reverse())
        {
            await node.DisposeAsync();
        }

        _directory.Dispose();
    }

    [Fact]
    public async Task ClusterClient_should_call_a_model_of_any_node_with_tensors_larger_than_a_frame()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(second);
        using var client = await ConnectAsync(first);
        var endpoint = await Eventually.FindAsync(client, "contract");

        var image = new float[3 * 224 * 224];
        image[^1] = 4;
        using var answer = await endpoint.CallAsync(
            "", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, image, 1, 3, 224, 224))], Limit).WaitAsync(Patience);

        var values = answer.Outputs[0].Tensor.Values<float>();
        Assert.Equal((image.Length, 1, 5), (values.Length, values[0], values[^1]));
    }

    [Fact]
    public async Task Actors_without_a_client_should_ask_nodes_by_plain_messages()
    {
        var node = await StartAsync();
        await PutAsync(node);
        using var system = ClientSystem.StartWithMessages();
        try
        {
            var at = system.ActorSelection($"{node.Address}/user/zerocopy/node");

            var status = await at.Ask<NodeReply.ClusterStatus>(new NodeQuery.ClusterStatus(3), Patience);
            var located = await at.Ask<NodeReply>(new NodeQuery.Locate(new ModelName("contract"), 4), Patience);

            Assert.Equal(3, status.Id);
            Assert.Single(status.Members);
            Assert.Equal(4, located.Id);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task ClusterClient_should_call_on_when_a_handler_of_its_changes_fails()
    {
        var first = await StartAsync();
        await PutAsync(first);
        using var client = await ConnectAsync(first);
        var raised = 0;
        client.Changed += () => throw new InvalidOperationException("This handler fails.");
        client.Changed += () => Interlocked.Increment(ref raised);

        var endpoint = await Eventually.FindAsync(client, "contract");
        using var answer = await endpoint.CallAsync(
            "", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [1], 1))], Limit).WaitAsync(Patience);

        Assert.Equal(2, answer.Outputs[0].Tensor.Values<float>()[0]);
        Assert.NotEqual(0, Volatile.Read(ref raised));
    }

    [Fact]
    public async Task ClusterClient_should_list_what_the_cluster_has()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(second);
        using var client = await ConnectAsync(first);
        await Eventually.FindAsync(client, "contract");

        var listed = Assert.Single(await client.ListAsync());
        Assert.Equal(("contract", 1), (listed.Name, listed.Version));
        var status = await client.StatusAsync();
        Assert.Equal(new[] { first.Address, second.Address }.Order(), status.Members.Select(member => member.Address).Order());
        Assert.Null(await client.FindAsync("nobody"));
        Assert.Null(await client.FindAsync("contract", 7));
    }

    [Fact]
    public async Task ClusterClient_should_go_on_by_another_contact_when_one_is_lost()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await PutAsync(first);
        await PutAsync(second);
        using var client = await ConnectAsync(first, second);
        var endpoint = await Eventually.FindAsync(client, "contract");
        Assert.Equal(3, await CallAsync(endpoint));
        var (lost, left) = client.Contact == first.Address ? (first, second) : (second, first);

        await lost.DisposeAsync();

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(3, await CallAsync(endpoint));
        }

        await client.StatusAsync();
        Assert.Equal(left.Address, client.Contact);
    }

    [Fact]
    public async Task ClusterClient_should_stay_with_no_contact_that_is_no_member()
    {
        await using var alone = await TestNode.StartAloneAsync(_directory.File("alone"));
        var options = new ClusterClientOptions { ContactTimeout = TimeSpan.FromSeconds(1) };

        var thrown = await Assert.ThrowsAsync<InferenceException>(
            () => ClusterClient.ConnectAsync(_system, [alone.Address.ToString()], options).WaitAsync(Patience));
        Assert.Equal(InferenceFailure.Unreachable, thrown.Failure);

        var joined = Akka.Cluster.Cluster.Get(alone.System);
        await joined.JoinAsync(alone.Address, CancellationToken.None);
        using var client = await ConnectAsync(alone);
        Assert.Equal(alone.Address, client.Contact);
    }

    [Fact]
    public async Task ClusterClient_should_look_for_a_contact_within_a_limit_of_any_length()
    {
        var node = await StartAsync();
        foreach (var limit in new[] { Timeout.InfiniteTimeSpan, TimeSpan.MaxValue, TimeSpan.FromDays(60) })
        {
            using var client = await ClusterClient.ConnectAsync(
                _system, [node.Address.ToString()], new ClusterClientOptions { ContactTimeout = limit }).WaitAsync(Patience);
            Assert.Equal(node.Address, client.Contact);
            var asked = await NodeClient.ConnectAsync(_system, node.Address, limit).WaitAsync(Patience);
            await asked.AskAsync<NodeReply.ClusterStatus>(id => new NodeQuery.ClusterStatus(id), limit).WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task ClusterClient_should_refuse_a_limit_that_has_passed_before_it_begins()
    {
        foreach (var limit in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(-5), TimeSpan.MinValue })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ClusterClient.ConnectAsync(
                _system, ["127.0.0.1:1"], new ClusterClientOptions { ContactTimeout = limit }).WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task ClusterClient_should_name_every_contact_that_does_not_answer()
    {
        var options = new ClusterClientOptions { ContactTimeout = TimeSpan.FromMilliseconds(200) };

        var thrown = await Assert.ThrowsAsync<InferenceException>(
            () => ClusterClient.ConnectAsync(_system, ["127.0.0.1:1", "akka.tcp://other@127.0.0.1:2"], options).WaitAsync(Patience));

        Assert.Equal(InferenceFailure.Unreachable, thrown.Failure);
        Assert.Contains("akka.tcp://zerocopy@127.0.0.1:1, akka.tcp://other@127.0.0.1:2", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("0.2 s", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterClient_should_fail_what_needs_a_contact_when_none_is_left()
    {
        var node = await StartAsync();
        await PutAsync(node);
        using var client = await ClusterClient.ConnectAsync(
            _system, [node.Address.ToString()], new ClusterClientOptions { ContactTimeout = TimeSpan.FromSeconds(2) });
        var endpoint = await Eventually.FindAsync(client, "contract");
        Assert.Equal(3, await CallAsync(endpoint));

        await node.KillAsync();

        await UnreachableAsync(client.StatusAsync());
        await UnreachableAsync(client.FindAsync("other").AsTask());
        await UnreachableAsync(CallAsync(endpoint));
        Assert.Null(client.Contact);

        async Task UnreachableAsync(Task task)
        {
            var thrown = await Assert.ThrowsAsync<InferenceException>(() => task.WaitAsync(Patience));
            Assert.Equal(InferenceFailure.Unreachable, thrown.Failure);
            Assert.Contains(node.Address.ToString(), thrown.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.0.7:0")]
    [InlineData("10.0.0.7:70000")]
    [InlineData(":4053")]
    [InlineData("http://10.0.0.7:4053")]
    [InlineData("10.0.0.7:4053/user")]
    [InlineData("akka.tcp://zerocopy@10.0.0.7")]
    public async Task ClusterClient_should_refuse_a_contact_that_is_no_address(string contact)
    {
        var thrown = await Assert.ThrowsAsync<ArgumentException>(() => ClusterClient.ConnectAsync(_system, ["10.0.0.7:1", contact]));

        Assert.Contains($"'{contact}'", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0.7:1'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterClient_should_want_a_contact_and_remoting()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => ClusterClient.ConnectAsync(_system, []));
        using var local = ActorSystem.Create("local", "akka.loglevel = OFF, akka.stdout-loglevel = OFF");
        var thrown = await Assert.ThrowsAsync<ArgumentException>(() => ClusterClient.ConnectAsync(local, ["10.0.0.7:1"]));
        Assert.Contains("akka.actor.provider = remote", thrown.Message, StringComparison.Ordinal);
    }

    private static CallOptions Limit => new() { Deadline = Patience };

    private static async Task<float> CallAsync(IModelEndpoint endpoint)
    {
        using var answer = await endpoint.CallAsync(
            "", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [2], 1))], Limit);
        return answer.Outputs[0].Tensor.Values<float>()[0];
    }

    private Task<ClusterClient> ConnectAsync(params TestNode[] nodes) =>
        ClusterClient.ConnectAsync(_system, nodes.Select(node => $"127.0.0.1:{node.Address.Port}"));

    private async Task<TestNode> StartAsync()
    {
        var node = await TestNode.StartAsync(_directory.File($"store{_nodes.Count}"), _nodes.FirstOrDefault());
        _nodes.Add(node);
        return node;
    }

    /// <summary>Puts a script that adds one to its input.</summary>
    private async Task PutAsync(TestNode node)
    {
        var path = _directory.File("plus.pt");
        ScriptText.Save(path, $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return torch.add(x, 1)
            """);
        await node.Host.Runtime.PutFileAsync(path, new PutOptions { Name = ModelName.Parse("contract") });
    }
}
