using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Clustering.Transfer;

namespace ZeroCopy.Clustering.Tests.Transfer;

public sealed class SendRateSpecs
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void SendRate_should_let_senders_share_the_bytes_of_a_second()
    {
        var rate = new SendRate(1000, _clock);
        Assert.True(rate.WaitAsync(1000, default).IsCompleted);
        var (second, third) = (rate.WaitAsync(500, default), rate.WaitAsync(500, default));

        _clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal((false, false), (second.IsCompleted, third.IsCompleted));

        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((true, false), (second.IsCompleted, third.IsCompleted));

        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.True(third.IsCompleted);
    }

    [Fact]
    public void SendRate_should_not_save_up_what_nobody_sent()
    {
        var rate = new SendRate(1000, _clock);
        _clock.Advance(TimeSpan.FromHours(1));

        Assert.True(rate.WaitAsync(1000, default).IsCompleted);
        Assert.False(rate.WaitAsync(1000, default).IsCompleted);
    }

    [Fact]
    public void SendRate_should_have_pieces_that_take_a_tenth_of_a_second_at_most()
    {
        Assert.Equal(100, new SendRate(1000, _clock).PieceBytes);
        Assert.Equal(1 << 20, new SendRate(long.MaxValue, _clock).PieceBytes);
    }
}
