using ZeroCopy.Actors.Batching;

namespace ZeroCopy.Actors.Tests.Batching;

public sealed class JoinedKindsSpecs
{
    private readonly JoinedKinds _kinds = new(verify: true);

    [Fact]
    public void JoinedKinds_should_believe_everything_when_nothing_is_verified() =>
        Assert.Equal(JoinTrust.Full, new JoinedKinds(verify: false).Of("kind", 1000));

    [Fact]
    public void JoinedKinds_should_keep_the_most_that_was_seen()
    {
        _kinds.Believe("kind", JoinTrust.Full, 8);
        _kinds.Believe("kind", JoinTrust.SameRequests, 16);
        Assert.Equal(JoinTrust.Full, _kinds.Of("kind", 8));
        Assert.Equal(JoinTrust.None, _kinds.Of("other", 8));
    }

    [Fact]
    public void JoinedKinds_should_believe_no_more_rows_than_were_compared()
    {
        _kinds.Believe("kind", JoinTrust.SameRequests, 16);
        _kinds.Believe("kind", JoinTrust.Full, 4);
        _kinds.Believe("kind", JoinTrust.Full, 2);
        Assert.Equal(JoinTrust.Full, _kinds.Of("kind", 4));
        Assert.Equal(JoinTrust.None, _kinds.Of("kind", 5));
        _kinds.Believe("kind", JoinTrust.Full, 8);
        Assert.Equal(JoinTrust.Full, _kinds.Of("kind", 5));
        _kinds.Refuse("kind");
        Assert.True(_kinds.IsRefused("kind"));
        Assert.Equal(JoinTrust.Refused, _kinds.Of("kind", 1000));
    }

    [Fact]
    public void JoinedKinds_should_refuse_a_kind_for_good_and_tell_the_first_one()
    {
        Assert.True(_kinds.Refuse("kind"));
        Assert.False(_kinds.Refuse("other"));
        _kinds.Believe("kind", JoinTrust.Full, 8);
        Assert.Equal(JoinTrust.Refused, _kinds.Of("kind", 8));
    }

    [Fact]
    public void JoinedKinds_should_not_grow_without_end()
    {
        _kinds.Believe(-1, JoinTrust.Full, 8);
        for (var kind = 0; kind < 10_000; kind++)
        {
            _kinds.Believe(kind, JoinTrust.Full, 8);
        }

        Assert.Equal(JoinTrust.None, _kinds.Of(-1, 8));
        Assert.Equal(JoinTrust.Full, _kinds.Of(9_999, 8));
    }
}
