using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Models;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Models;

/// <summary>The entity of a name, whose only node is the test's actor.</summary>
public sealed class ModelEntitySpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Address _node;
    private readonly NodeTable _table = new();
    private readonly IActorRef _entity;

    public ModelEntitySpecs()
        : base("akka { loglevel = OFF, actor.provider = cluster, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
    {
        _node = Akka.Cluster.Cluster.Get(Sys).SelfAddress;
        _entity = ActorOfAsTestActorRef<ModelEntity>(ModelEntity.Props("model", _table, 1), TestActor);
    }

    [Fact]
    public async Task ModelEntity_should_carry_a_roll_out_out_once_that_is_asked_for_again()
    {
        Report(Held(1, ready: 1), Held(2, ready: 0));
        var rollOut = new EntityRequest.RollOut("model", 2, 100, 7);
        _entity.Tell(rollOut, TestActor);
        _entity.Tell(rollOut, TestActor);

        Report(Held(1, ready: 1), Held(2, ready: 1));

        // Not given up for itself.
        var decided = await ExpectMsgAsync<EntityReply.Decided>(Patience);
        _entity.Tell(rollOut, TestActor);
        Assert.Equal(decided, await ExpectMsgAsync<EntityReply.Decided>(Patience));
    }

    [Fact]
    public async Task ModelEntity_should_not_decide_anew_what_came_before_another_decision()
    {
        IgnoreMessages<NodeOrder.Keep>(_ => true);
        Report(Held(1, ready: 1), Held(2, ready: 1), Held(3, ready: 0));
        var before = new EntityRequest.RollOut("model", 3, 100, 7);
        _entity.Tell(before, TestActor);
        _entity.Tell(new EntityRequest.RollOut("model", 1, 100, 8), TestActor);
        Assert.Equal(7, (await ExpectMsgAsync<EntityReply.Failed>(Patience)).Id);
        Assert.Equal(8, (await ExpectMsgAsync<EntityReply.Decided>(Patience)).Id);

        _entity.Tell(before, TestActor);

        Assert.Equal((7, InferenceFailure.LoadFailed), await FailedAsync());
        Report(Held(1, ready: 1), Held(2, ready: 1), Held(3, ready: 1));
        _entity.Tell(new EntityRequest.Follow("model"), TestActor);
        Assert.Equal(1, (await ExpectMsgAsync<ModelRoute>(Patience)).Current);

        async Task<(long Id, InferenceFailure Failure)> FailedAsync()
        {
            var failed = await ExpectMsgAsync<EntityReply.Failed>(Patience);
            return (failed.Id, failed.Failure);
        }
    }

    [Fact]
    public async Task ModelEntity_should_have_the_version_before_end_when_the_next_one_is_warm_and_not_before()
    {
        await StandInAsync();
        Report(Held(1, ready: 1));
        Report(Held(1, ready: 1), Held(2, ready: 0));
        Assert.Equal(2, (await ExpectMsgAsync<NodeOrder.Open>(Patience)).Name.Version);

        Report(Held(1, ready: 1), Held(2, ready: 1));

        Assert.Equal(new ModelName("model", 1), (await ExpectMsgAsync<NodeOrder.Close>(Patience)).Name);
        // A call that was on its way may have loaded it again.
        _entity.Tell(ModelEntity.Tick.Look, TestActor);
        Assert.Equal(new ModelName("model", 1), (await ExpectMsgAsync<NodeOrder.Close>(Patience)).Name);
        _entity.Tell(ModelEntity.Tick.Look, TestActor);
        _entity.Tell(new EntityRequest.Follow("model"), TestActor);
        await ExpectMsgAsync<ModelRoute>(Patience);
    }

    [Fact]
    public async Task ModelEntity_should_end_when_nobody_holds_the_name_who_ever_has_asked_for_it()
    {
        await _entity.Ask<ModelRoute>(new EntityRequest.Follow("model"), Patience);

        _entity.Tell(ModelEntity.Tick.Look, TestActor);

        await ExpectMsgAsync<Passivate>(Patience);
    }

    [Fact]
    public async Task ModelEntity_should_wait_for_a_node_that_says_that_it_carries_an_order_out()
    {
        var order = await OrderAsync();
        for (var time = 0; time < 5; time++)
        {
            _entity.Tell(new ModelEntity.OrderLate(order.Id), TestActor);
            Assert.Equal(order.Id, (await ExpectMsgAsync<NodeOrder.Open>(Patience)).Id);
            _entity.Tell(new NodeReply.Opening(order.Id), TestActor);
        }

        _entity.Tell(new NodeReply.Opened(new ModelHandle(order.Model, 1), 1, order.Id), TestActor);

        Assert.Equal(_node, (await ExpectMsgAsync<EntityReply.Placed>(Patience)).Node);
    }

    [Fact]
    public async Task ModelEntity_should_give_an_order_up_that_its_node_does_not_answer()
    {
        var order = await OrderAsync();

        _entity.Tell(new ModelEntity.OrderLate(order.Id), TestActor);
        await ExpectMsgAsync<NodeOrder.Open>(Patience);
        _entity.Tell(new ModelEntity.OrderLate(order.Id), TestActor);

        var failed = await ExpectMsgAsync<EntityReply.Failed>(Patience);
        Assert.Contains("said nothing", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelEntity_should_not_give_a_roll_out_up_for_a_node_that_it_does_not_wait_for()
    {
        var other = Address.Parse("akka.tcp://zerocopy@a:1");
        var placed = await OrderAsync();
        Report(Held(1, ready: 1), Held(2, ready: 0));
        _entity.Tell(new EntityRequest.RollOut("model", 2, 100, 7), TestActor);
        var needed = await ExpectMsgAsync<NodeOrder.Open>(Patience);
        _table.Set(new NodeReport(
            new NodeInfo(other, "other", new Uri("http://127.0.0.1:1"), null, null, []), new NodeLoad(0, 1 << 20, false)));
        _entity.Tell(new EntityRequest.Place("model", 2, [_node], 10), TestActor);

        // The order behind the roll-out's, which goes to the other node.
        _entity.Tell(new NodeReply.Failed(InferenceFailure.LoadFailed, "full", needed.Id + 1), TestActor);
        Report(Held(1, ready: 1), Held(2, ready: 1));

        var answers = new HashSet<EntityReply>();
        await FishForMessageAsync<EntityReply>(answer => answers.Add(answer) && answer is EntityReply.Decided, Patience);
        Assert.DoesNotContain(answers, answer => answer is EntityReply.Failed { Id: 7 });
        Assert.Equal("model@1", placed.Name.ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ModelEntity_should_have_a_version_loaded_before_it_is_current_where_none_is(bool loads)
    {
        await StandInAsync();
        Report(Held(1, ready: 0), Held(2, ready: 0));
        _entity.Tell(new EntityRequest.RollOut("model", 1, 100, 7), TestActor);
        var order = await ExpectMsgAsync<NodeOrder.Open>(Patience);
        Assert.Equal((1, true), (order.Name.Version, order.Warm));
        Report(Held(1, ready: 0), Held(2, ready: 0));
        Assert.Equal(2, await CurrentAsync());

        if (loads)
        {
            Report(Held(1, ready: 1), Held(2, ready: 0));
            _entity.Tell(new NodeReply.Opened(new ModelHandle(order.Model, 1), 0, order.Id), TestActor);
            await FishForMessageAsync<EntityReply.Decided>(decided => decided.Id == 7, Patience);
            Assert.Equal(1, await CurrentAsync());
        }
        else
        {
            _entity.Tell(new NodeReply.Failed(InferenceFailure.LoadFailed, "It is broken.", order.Id), TestActor);
            var failed = await FishForMessageAsync<EntityReply.Failed>(failed => failed.Id == 7, Patience);
            Assert.Contains("It is broken.", failed.Message, StringComparison.Ordinal);
            Assert.Equal(2, await CurrentAsync());
        }

        async Task<int?> CurrentAsync() =>
            (await _entity.Ask<ModelRoute>(new EntityRequest.Follow("model"), Patience)).Current;
    }

    [Fact]
    public async Task ModelEntity_should_put_a_report_together_that_comes_in_several_messages()
    {
        Report(Held(1, ready: 0));
        var (first, last) = (Part(0, Held(2, ready: 0)), Part(1, Held(3, ready: 0)));

        _entity.Tell(first, TestActor);
        Assert.Equal([1], await VersionsAsync());
        _entity.Tell(last, TestActor);
        Assert.Equal([2, 3], await VersionsAsync());

        // The rest of an account is nothing without its beginning, and a beginning nothing when another one comes.
        _entity.Tell(last, TestActor);
        _entity.Tell(first, TestActor);
        _entity.Tell(Part(0, Held(4, ready: 0)), TestActor);
        Assert.Equal([2, 3], await VersionsAsync());
        _entity.Tell(last, TestActor);
        Assert.Equal([3, 4], await VersionsAsync());

        ModelReport Part(int number, HeldVersion held) => new("model", _node, [held], null, number, HasMore: number == 0);

        async Task<IEnumerable<int?>> VersionsAsync() =>
            (await _entity.Ask<ModelRoute>(new EntityRequest.Follow("model"), Patience)).Replicas.Select(replica => replica.Version);
    }

    [Fact]
    public async Task ModelEntity_should_end_when_nobody_asks_for_a_name_any_more_that_nobody_has()
    {
        _entity.Tell(new EntityRequest.Follow("model"), TestActor);
        await ExpectMsgAsync<ModelRoute>(Patience);

        _entity.Tell(new EntityRequest.Unfollow("model"), TestActor);

        // Before its next look at itself.
        await ExpectMsgAsync<Passivate>(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task ModelEntity_should_say_that_holders_are_not_reached_where_that_is_all_that_is_wrong()
    {
        var other = Lose(Address.Parse("akka.tcp://zerocopy@a:1"));

        _entity.Tell(new EntityRequest.Place("model", 1, [], 9), TestActor);

        var failed = await ExpectMsgAsync<EntityReply.Failed>(Patience);
        Assert.Equal(InferenceFailure.Unreachable, failed.Failure);
        Assert.Contains($"{other}: unreachable", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelEntity_should_have_a_node_that_asks_for_what_it_holds_load_it_though_it_was_not_reached()
    {
        using var asking = TestNode.CreateSystem();
        var other = Lose(Akka.Cluster.Cluster.Get(asking).SelfAddress);

        var placed = await asking.ActorSelection(_entity.Path.ToStringWithAddress(_node))
            .Ask<EntityReply>(new EntityRequest.Place("model", 1, [], 9), Patience);

        Assert.Equal(other, Assert.IsType<EntityReply.Placed>(placed).Node);
        await asking.Terminate().WaitAsync(Patience);
    }

    /// <summary>A node that alone holds the model, and is not reached.</summary>
    private Address Lose(Address node)
    {
        _table.Set(new NodeReport(
            new NodeInfo(node, "other", new Uri("http://127.0.0.1:1"), null, null, []), new NodeLoad(0, 1 << 20, false)));
        _table.SetUnreachable(node, true);
        _entity.Tell(new ModelReport("model", node, [Held(1, ready: 0)], null), TestActor);
        return node;
    }

    /// <summary>An order to the node to get a model from another, on which a call waits.</summary>
    private async Task<NodeOrder.Open> OrderAsync()
    {
        await StandInAsync();
        _entity.Tell(new ModelReport("model", Address.Parse("akka.tcp://zerocopy@a:1"), [Held(1, ready: 0)], null), TestActor);
        _entity.Tell(new EntityRequest.Place("model", 1, [], 9), TestActor);
        return await ExpectMsgAsync<NodeOrder.Open>(Patience);
    }

    /// <summary>Has the test's actor get the orders to the node.</summary>
    private async Task StandInAsync()
    {
        var above = Sys.ActorOf(Props.Create(() => new Above(TestActor)), "zerocopy");
        await above.Ask<ActorIdentity>(new Identify(null), Patience);
        _table.Set(new NodeReport(
            new NodeInfo(_node, "store", new Uri("http://127.0.0.1:1"), null, null, []), new NodeLoad(0, 1 << 20, false)));
    }

    private static HeldVersion Held(int version, int ready) => new(
        version, ModelId.Of([(byte)version]), 1, null, CanBuild: true, EndpointState.Ready, ready, 0, null);

    private void Report(params HeldVersion[] versions) => _entity.Tell(new ModelReport("model", _node, [.. versions], null), TestActor);

    /// <summary>Has the node's orders come to the test's actor.</summary>
    private sealed class Above : UntypedActor
    {
        public Above(IActorRef node) => Context.ActorOf(Props.Create(() => new Passing(node)), NodePath.Name);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Passing(IActorRef to) : UntypedActor
    {
        protected override void OnReceive(object message) => to.Forward(message);
    }
}
