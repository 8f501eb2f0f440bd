using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Clustering.Nodes;

namespace ZeroCopy.Clustering.Tests.Nodes;

public sealed class ListingPaceSpecs
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ListingPace _pace;

    public ListingPaceSpecs() => _pace = new ListingPace(_clock);

    [Fact]
    public void ListingPace_should_pause_for_ten_times_as_long_as_the_last_one_took()
    {
        Assert.True(_pace.Pause <= TimeSpan.Zero);
        _pace.Begin();
        _clock.Advance(TimeSpan.FromMilliseconds(20));
        _pace.End();

        Assert.Equal(TimeSpan.FromMilliseconds(200), _pace.Pause);
        _clock.Advance(TimeSpan.FromMilliseconds(150));
        Assert.Equal(TimeSpan.FromMilliseconds(50), _pace.Pause);
    }

    [Fact]
    public void ListingPace_should_tell_those_who_asked_before_it_began()
    {
        var (before, during) = (new TaskCompletionSource(), new TaskCompletionSource());
        _pace.Wait(before);
        _pace.Begin();
        _pace.Wait(during);

        _pace.End();

        Assert.True(before.Task.IsCompletedSuccessfully);
        Assert.False(during.Task.IsCompleted);
        _pace.Begin();
        _pace.End();
        Assert.True(during.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void ListingPace_should_be_stale_when_one_was_asked_for_during_it_or_it_failed()
    {
        var waiting = new TaskCompletionSource();
        _pace.Wait(waiting);
        _pace.Begin();
        Assert.True(_pace.IsListing);
        _pace.AskAgain();
        _pace.End();
        Assert.False(_pace.IsListing);
        Assert.True(_pace.IsStale);

        _pace.Begin();
        Assert.False(_pace.IsStale);
        _pace.Wait(waiting = new TaskCompletionSource());
        _pace.Fail(new IOException("gone"));
        Assert.True(_pace.IsStale);
        Assert.False(waiting.Task.IsCompleted);
        _pace.Begin();
        _pace.Fail(new IOException("gone"));
        Assert.True(waiting.Task.IsFaulted);
    }
}
