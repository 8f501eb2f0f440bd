using Akka.Routing;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Tests.Fakes;

namespace ZeroCopy.Actors.Tests.Routing;

public sealed class LeastBusyRoutingLogicSpecs : ZeroCopySpec
{
    private readonly ActorLoads _loads = new();
    private readonly LeastBusyRoutingLogic _logic;
    private readonly Routee[] _routees;

    public LeastBusyRoutingLogicSpecs()
    {
        _logic = new LeastBusyRoutingLogic(_loads);
        _routees = [.. Enumerable.Range(0, 3).Select(_ => Routee.FromActorRef(CreateTestProbe().Ref))];
    }

    [Fact]
    public void LeastBusyRoutingLogic_should_choose_an_idle_actor_while_there_is_one() =>
        Assert.Equal(_routees.ToHashSet(), Route(3).ToHashSet());

    [Fact]
    public void LeastBusyRoutingLogic_should_spread_calls_evenly_over_busy_actors() =>
        Assert.Equal([4, 4, 4], Route(12).CountBy(routee => routee).Select(calls => calls.Value));

    [Fact]
    public void LeastBusyRoutingLogic_should_choose_the_actor_that_has_ended_calls()
    {
        Route(6);
        Load(_routees[2]).End();
        Assert.Same(_routees[2], Assert.Single(Route(1)));
    }

    [Fact]
    public void LeastBusyRoutingLogic_should_not_count_what_is_no_call()
    {
        _logic.Select("a greeting", _routees);
        Assert.All(_routees, routee => Assert.Equal(0, Load(routee).Count));
    }

    [Fact]
    public void LeastBusyRoutingLogic_should_see_actors_that_join()
    {
        Route(3);
        var joined = Routee.FromActorRef(CreateTestProbe().Ref);
        Assert.Same(joined, _logic.Select(Call(), [.. _routees, joined]));
    }

    [Fact]
    public void LeastBusyRoutingLogic_should_choose_nobody_where_there_is_no_actor() =>
        Assert.Same(Routee.NoRoutee, _logic.Select(Call(), []));

    private static InferenceCall Call() => new(
        new CallLedger("a spec", int.MaxValue, "zerocopy", TimeProvider.System), new FakeSource(), argument: null, default);

    private List<Routee> Route(int calls) => [.. Enumerable.Range(0, calls).Select(_ => _logic.Select(Call(), _routees))];

    private ActorLoad Load(Routee routee) => _loads.Of(((ActorRefRoutee)routee).Actor);
}
