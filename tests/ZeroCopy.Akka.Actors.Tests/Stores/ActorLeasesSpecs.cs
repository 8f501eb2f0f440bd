using Akka.Actor;
using ZeroCopy.Actors.Stores;

namespace ZeroCopy.Actors.Tests.Stores;

public sealed class ActorLeasesSpecs : ZeroCopySpec
{
    private readonly ActorLeases _leases = new();

    [Fact]
    public void ActorLeases_should_end_a_lease_once_whoever_ends_it()
    {
        var lease = new Lease();
        var held = _leases.Hold(TestActor, lease);

        held.Dispose();
        held.Dispose();
        _leases.End(held.Id);
        _leases.EndAll(TestActor);
        _leases.Dispose();

        Assert.Equal(1, lease.Ends);
    }

    [Fact]
    public void ActorLeases_should_end_a_lease_by_its_id_and_leave_the_holders_others()
    {
        var (one, other) = (new Lease(), new Lease());
        var held = _leases.Hold(TestActor, one);
        _leases.Hold(TestActor, other);

        _leases.End(held.Id);

        Assert.Equal((1, 0), (one.Ends, other.Ends));
    }

    [Fact]
    public void ActorLeases_should_end_the_leases_of_one_holder_alone()
    {
        var (one, other) = (new Lease(), new Lease());
        _leases.Hold(TestActor, one);
        _leases.Hold(Sys.DeadLetters, other);

        _leases.EndAll(TestActor);

        Assert.Equal((1, 0), (one.Ends, other.Ends));
    }

    [Fact]
    public void ActorLeases_should_end_at_once_what_comes_behind_their_end()
    {
        _leases.Dispose();
        var lease = new Lease();

        _leases.Hold(TestActor, lease).Dispose();

        Assert.Equal(1, lease.Ends);
    }

    [Fact]
    public void ActorLeases_should_tell_who_watches_of_each_holder_once()
    {
        _leases.Hold(Sys.DeadLetters, new Lease());

        Assert.Equal([Sys.DeadLetters], _leases.WatchedBy(TestActor));
        _leases.Hold(TestActor, new Lease());
        _leases.Hold(TestActor, new Lease());

        Assert.Equal(TestActor, ExpectMsg<ActorLeases.NewHolder>(Patience).Holder);
        Assert.Empty(_leases.WatchedBy(TestActor).Except([Sys.DeadLetters, TestActor]));
        TestActor.Tell("last");
        ExpectMsg("last", Patience);
    }

    private sealed class Lease : IDisposable
    {
        public int Ends { get; private set; }

        public void Dispose() => Ends++;
    }
}
