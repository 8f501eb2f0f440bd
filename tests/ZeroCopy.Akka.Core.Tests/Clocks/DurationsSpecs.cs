using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Clocks;

namespace ZeroCopy.Tests.Clocks;

public sealed class DurationsSpecs
{
    private readonly FakeTimeProvider _clock = new();

    public static TheoryData<TimeSpan, bool, bool> Domain => new()
    {
        { TimeSpan.MinValue, false, false },
        { TimeSpan.FromSeconds(-5), false, false },
        { TimeSpan.FromTicks(-1), false, false },
        { Timeout.InfiniteTimeSpan, true, false },
        { TimeSpan.Zero, false, true },
        { TimeSpan.FromTicks(1), true, true },
        { TimeSpan.FromMilliseconds(0.1), true, true },
        { Durations.LongestPause, true, true },
        { TimeSpan.FromDays(60), true, false },
        { TimeSpan.MaxValue, true, false },
    };

    [Theory]
    [MemberData(nameof(Domain))]
    public void Durations_should_tell_limits_and_pauses_from_what_is_neither(TimeSpan duration, bool limit, bool pause)
    {
        Assert.Equal(limit, Durations.IsLimit(duration));
        Assert.Equal(pause, Durations.IsPause(duration));
        Assert.Equal(pause && duration != TimeSpan.Zero, Durations.IsPauseAboveZero(duration));
    }

    [Theory]
    [InlineData(0.5, "0.5 ms")]
    [InlineData(30, "30 ms")]
    [InlineData(1500, "1.5 s")]
    [InlineData(60_000, "60 s")]
    [InlineData(300_000, "5 min")]
    [InlineData(86_400_000, "24 h")]
    [InlineData(-5000, "-5000 ms")]
    public void Durations_should_be_said_in_the_unit_that_they_are_thought_of(double milliseconds, string expected) =>
        Assert.Equal(expected, Durations.Text(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [MemberData(nameof(Domain))]
    public void Durations_should_set_timers_to_whole_milliseconds_that_they_can_wait_for(TimeSpan left, bool limit, bool pause)
    {
        _ = (limit, pause);
        var step = Durations.TimerStep(left);

        using var timer = TimeProvider.System.CreateTimer(_ => { }, null, step, Timeout.InfiniteTimeSpan);
        Assert.Equal(0, step.Ticks % TimeSpan.TicksPerMillisecond);
        Assert.True(step >= left || step == Durations.LongestPause);
    }

    [Theory]
    [MemberData(nameof(Domain))]
    public void Durations_should_set_timers_to_limits_of_any_length(TimeSpan limit, bool isLimit, bool isPause)
    {
        using var timer = new CancellationTokenSource();
        timer.CancelAfter(Durations.TimerOf(limit));

        Assert.Equal(isLimit && !isPause, Durations.TimerOf(limit) == Timeout.InfiniteTimeSpan);
        Assert.Equal(!isLimit, Durations.TimerOf(limit) == TimeSpan.Zero);
    }

    [Fact]
    public void Durations_should_end_at_the_last_timestamp_there_is()
    {
        Assert.Equal(1 + (3 * _clock.TimestampFrequency), _clock.After(1, TimeSpan.FromSeconds(3)));
        Assert.Equal(1, _clock.After(1 + _clock.TimestampFrequency, TimeSpan.FromSeconds(-1)));
        Assert.Equal(long.MaxValue, TimeProvider.System.After(TimeProvider.System.GetTimestamp(), TimeSpan.MaxValue));
    }

    [Theory]
    [InlineData(0.0001)]
    [InlineData(1)]
    [InlineData(200 * 86_400)]
    public async Task Durations_should_wait_up_to_a_limit_of_any_length(double seconds)
    {
        var limit = TimeSpan.FromSeconds(seconds);
        var waiting = Durations.WaitAsync(new TaskCompletionSource().Task, limit, _clock);
        Assert.False(waiting.IsCompleted);

        Advance(limit - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        Advance(TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task Durations_should_not_wait_where_the_limit_has_passed_already(double seconds)
    {
        await Durations.WaitAsync(Task.CompletedTask, TimeSpan.FromSeconds(seconds), _clock);
        await Assert.ThrowsAsync<TimeoutException>(
            () => Durations.WaitAsync(new TaskCompletionSource().Task, TimeSpan.FromSeconds(seconds), _clock));
    }

    [Fact]
    public async Task Durations_should_wait_for_ever_where_there_is_no_limit()
    {
        var task = new TaskCompletionSource();
        using var cancellation = new CancellationTokenSource();
        var waiting = Durations.WaitAsync(task.Task, Timeout.InfiniteTimeSpan, _clock);
        var cancelled = Durations.WaitAsync(task.Task, Timeout.InfiniteTimeSpan, _clock, cancellation.Token);

        Advance(TimeSpan.FromDays(1000));
        await cancellation.CancelAsync();
        Assert.False(waiting.IsCompleted);
        task.SetException(new FormatException());

        await Assert.ThrowsAsync<FormatException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(60)]
    public void LimitSource_should_cancel_when_its_limit_has_passed(double days)
    {
        using var source = new LimitSource(TimeSpan.FromDays(days), _clock);
        Assert.Equal(days <= 0, source.Token.IsCancellationRequested);

        Advance(TimeSpan.FromDays(60));

        Assert.True(source.Token.IsCancellationRequested);
    }

    [Fact]
    public void Alarm_should_not_ring_once_it_is_disposed()
    {
        var rings = 0;
        using (new Alarm(_clock, TimeSpan.FromDays(60), _ => rings++, null))
        {
            Advance(TimeSpan.FromDays(55));
        }

        Advance(TimeSpan.FromDays(55));
        Assert.Equal(0, rings);
    }

    // In steps, as time passes.
    private void Advance(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromDays(10))
        {
            _clock.Advance(left < TimeSpan.FromDays(10) ? left : TimeSpan.FromDays(10));
        }
    }
}
