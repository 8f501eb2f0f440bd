using Akka.Actor;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Models;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Models;

public sealed class RolloutDecisionsSpecs
{
    private static readonly Address A = Address.Parse("akka.tcp://zerocopy@a:1");

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeMilliseconds(1000));
    private readonly ModelView _view = new("bert");
    private readonly RolloutDecisions _decisions;

    public RolloutDecisionsSpecs()
    {
        _decisions = new RolloutDecisions(_view, _clock);
        _view.Set(new ModelReport("bert", A, [Held(1), Held(2)], null));
        _view.Update();
    }

    [Fact]
    public void RolloutDecisions_should_remember_the_version_before_and_go_back_to_it()
    {
        Assert.Equal(new Rollout(1, 100, 2, 1000), _decisions.ToVersion(1, 100));
        Assert.Null(_decisions.ToVersion(7, 100));
        Assert.Null(_decisions.Back());

        Complete(_decisions.ToVersion(1, 100)!);

        Assert.Equal(1, _view.Current);
        Assert.Equal(new Rollout(2, 100, null, 1001), _decisions.Back());
    }

    [Fact]
    public void RolloutDecisions_should_keep_the_way_back_when_the_same_version_is_rolled_out_further()
    {
        Complete(_decisions.ToVersion(1, 100)!);

        Assert.Equal(2, _decisions.ToVersion(1, 50)!.Before);
    }

    [Fact]
    public void RolloutDecisions_should_restore_what_held_before_when_one_is_given_up()
    {
        Complete(_decisions.ToVersion(1, 100)!);
        var before = _view.Rollout;

        _decisions.Begin(_decisions.ToVersion(2, 100)!, ActorRefs.Nobody, 8);
        Assert.Equal((2, true), (_decisions.Version, _decisions.IsUnderWay));

        Assert.Equal(8, _decisions.GiveUp()!.Id);
        Assert.Equal(before, _view.Rollout);
        Assert.Null(_decisions.GiveUp());
    }

    private void Complete(Rollout rollout)
    {
        _decisions.Begin(rollout, ActorRefs.Nobody, 1);
        _view.Update();
        Assert.Equal(rollout, _decisions.Complete()!.Rollout);
        Assert.Null(_decisions.Complete());
    }

    private static HeldVersion Held(int version) =>
        new(version, ModelId.Of([(byte)version]), 1, null, true, EndpointState.Ready, 0, 0, null);
}
