using System.Diagnostics;
using ZeroCopy.Bench.Suites.Restarts;

namespace ZeroCopy.Bench.Tests.Suites.Restarts;

public sealed class CallTallySpecs
{
    private const long Start = 1_000_000;

    [Fact]
    public void CallTally_should_tell_the_longest_time_without_an_answer_in_whatever_order_the_calls_ended()
    {
        var tally = new CallTally(Start, [Call(5), Call(1), Call(4.5, "Timeout"), Call(2)]);

        Assert.Equal(TimeSpan.FromSeconds(3), tally.Gap);
    }

    [Fact]
    public void CallTally_should_count_the_wait_for_the_first_answer() =>
        Assert.Equal(TimeSpan.FromSeconds(7), new CallTally(Start, [Call(7), Call(8)]).Gap);

    [Fact]
    public void CallTally_should_count_calls_that_failed_and_those_that_nobody_heard_of_again()
    {
        var tally = new CallTally(Start, [Call(1), Call(2, "Timeout"), Call(2, EndedCall.Lost), Call(2, "Timeout")]);

        Assert.Equal((3, 1), (tally.Failed, tally.Lost));
        Assert.Equal("4 calls, the longest gap 1,000 ms, failed: 2 Timeout, 1 lost", $"{tally}");
    }

    private static EndedCall Call(double second, string? failure = null) => new(Start + (long)(second * Stopwatch.Frequency), failure);
}
