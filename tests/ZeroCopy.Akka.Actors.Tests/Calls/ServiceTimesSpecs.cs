using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Calls;

public sealed class ServiceTimesSpecs
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ServiceTimes _times;

    public ServiceTimesSpecs() => _times = new ServiceTimes(_clock);

    [Fact]
    public async Task ServiceTimes_should_fail_a_call_that_waited_until_there_is_no_time_for_it()
    {
        Run(100, times: 20);
        var call = Call(1000);
        Run(899);
        Assert.True(_times.TryFailLate(call));
        var error = await Assert.ThrowsAsync<InferenceException>(() => call.Task);
        Assert.Equal(InferenceFailure.DeadlineExceeded, error.Failure);
        Assert.Equal(TimeSpan.FromMilliseconds(1000), error.Waited);
    }

    [Theory]
    [InlineData(1000, 400)]
    [InlineData(null, 5000)]
    public void ServiceTimes_should_leave_a_call_that_has_time(int? deadline, int waited)
    {
        Run(100, times: 20);
        var call = Call(deadline);
        Run(waited);
        Assert.False(_times.TryFailLate(call));
        Assert.False(call.IsAnswered);
    }

    [Fact]
    public void ServiceTimes_should_leave_a_call_that_waited_for_no_run()
    {
        Run(100, times: 20);
        var call = Call(1000);
        _clock.Advance(TimeSpan.FromMilliseconds(990));
        Assert.False(_times.TryFailLate(call));
    }

    [Fact]
    public void ServiceTimes_should_leave_a_call_that_would_be_late_without_waiting()
    {
        Run(5000);
        var call = Call(1000);
        Run(500);
        Assert.False(_times.TryFailLate(call));
    }

    [Fact]
    public void ServiceTimes_should_forget_how_long_the_first_call_took()
    {
        Run(5000);
        Run(1, times: 100);
        var call = Call(100);
        Run(40);
        Assert.False(_times.TryFailLate(call));
    }

    [Fact]
    public void ServiceTimes_should_know_nothing_before_the_first_run()
    {
        var call = Call(10);
        _clock.Advance(TimeSpan.FromMilliseconds(9));
        Assert.False(_times.TryFailLate(call));
    }

    private void Run(int milliseconds, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            var startedAt = _clock.GetTimestamp();
            _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            _times.Add(startedAt);
        }
    }

    private InferenceCall Call(int? deadline)
    {
        TimeSpan? limit = deadline is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
        return new InferenceCall(
            new CallLedger("a spec", 10, "zerocopy", _clock), new FakeSource(), null,
            new CallTerms(limit, ArgumentOwnership.Keep, null, CancellationToken.None));
    }
}
