using ZeroCopy.Actors.Batching;

namespace ZeroCopy.Actors.Tests.Batching;

public sealed class JoinedKindsSpecs
{
    private readonly JoinedKinds _kinds = new(verify: true);

    [Fact]
    public void JoinedKinds_should_believe_everything_when_nothing_is_verified() =>
        Assert.Equal(JoinTrust.Full, new JoinedKinds(verify: false).Of("kind"));

    [Fact]
    public void JoinedKinds_should_keep_the_most_that_was_seen()
    {
        _kinds.Believe("kind", JoinTrust.Full);
        _kinds.Believe("kind", JoinTrust.SameRequests);
        Assert.Equal(JoinTrust.Full, _kinds.Of("kind"));
        Assert.Equal(JoinTrust.None, _kinds.Of("other"));
    }

    [Fact]
    public void JoinedKinds_should_refuse_a_kind_for_good_and_tell_the_first_one()
    {
        Assert.True(_kinds.Refuse("kind"));
        Assert.False(_kinds.Refuse("other"));
        _kinds.Believe("kind", JoinTrust.Full);
        Assert.Equal(JoinTrust.Refused, _kinds.Of("kind"));
    }

    [Fact]
    public void JoinedKinds_should_not_grow_without_end()
    {
        _kinds.Believe(-1, JoinTrust.Full);
        for (var kind = 0; kind < 10_000; kind++)
        {
            _kinds.Believe(kind, JoinTrust.Full);
        }

        Assert.Equal(JoinTrust.None, _kinds.Of(-1));
        Assert.Equal(JoinTrust.Full, _kinds.Of(9_999));
    }
}
