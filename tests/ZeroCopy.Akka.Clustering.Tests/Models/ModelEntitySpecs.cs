using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Models;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Models;

/// <summary>The entity of a name, whose only node is the test's actor.</summary>
public sealed class ModelEntitySpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Address _node;
    private readonly IActorRef _entity;

    public ModelEntitySpecs()
        : base("akka { loglevel = OFF, actor.provider = cluster, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
    {
        _node = Akka.Cluster.Cluster.Get(Sys).SelfAddress;
        _entity = ActorOfAsTestActorRef<ModelEntity>(ModelEntity.Props("model", new NodeTable(), 1), TestActor);
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
    public async Task ModelEntity_should_end_when_nobody_holds_the_name_who_ever_has_asked_for_it()
    {
        await _entity.Ask<ModelRoute>(new EntityRequest.Follow("model"), Patience);

        _entity.Tell(ModelEntity.Tick.Look, TestActor);

        await ExpectMsgAsync<Passivate>(Patience);
    }

    private static HeldVersion Held(int version, int ready) => new(
        version, ModelId.Of([(byte)version]), 1, null, CanBuild: true, EndpointState.Ready, ready, 0, null);

    private void Report(params HeldVersion[] versions) => _entity.Tell(new ModelReport("model", _node, [.. versions], null), TestActor);
}
