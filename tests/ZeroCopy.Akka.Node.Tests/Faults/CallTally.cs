using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>All calls of a <see cref="CallStream"/>, when it has ended.</summary>
/// <param name="calls">Those that ended.</param>
/// <param name="begun">How many were begun.</param>
internal sealed class CallTally(IReadOnlyList<Call> calls, long begun)
{
    /// <summary>What a call may take beyond its deadline on a busy machine.</summary>
    private static readonly TimeSpan Slack = Soak.IsOn ? TimeSpan.FromSeconds(3) : CallStream.Late;

    public IReadOnlyList<Call> Calls => calls;

    public int Answered => calls.Count(call => call.How == CallEnd.Answered);

    /// <summary>Those that were not answered.</summary>
    public IEnumerable<Call> Failed => calls.Where(call => call.How != CallEnd.Answered);

    /// <summary>The longest time without an answer at a node, and when it began.</summary>
    public (TimeSpan Length, TimeSpan At) Gap(HostNode entry)
    {
        var ends = calls.Where(call => call.How == CallEnd.Answered && call.Entry == entry).Select(call => call.End).Order().ToArray();
        return ends.Zip(ends.Skip(1), (one, next) => (next - one, one)).DefaultIfEmpty().Max();
    }

    /// <summary>Every call ended, none with wrong numbers or too late; only a node that was lost may have kept silent.</summary>
    public void AssertSound(IReadOnlyCollection<HostNode> lost)
    {
        Assert.Equal(Enumerable.Range(1, (int)begun).Select(number => (long)number), calls.Select(call => call.Number).Order());
        Assert.True(Answered > 0, $"Of {begun} calls none was answered: {this}");
        Assert.DoesNotContain(calls, call => call.How == CallEnd.Wrong);
        Assert.DoesNotContain(calls, call => call.How is CallEnd.Silent or CallEnd.Unconnected && !lost.Contains(call.Entry));
        Assert.DoesNotContain(calls, call => call.How is CallEnd.Answered or CallEnd.Refused
            && call.Took > CallStream.Deadline + Slack && !lost.Contains(call.Entry));
    }

    /// <summary>Each node's share, for people.</summary>
    public override string ToString() => string.Join(
        '\n',
        calls.GroupBy(call => call.Entry).OrderBy(entry => entry.Key.Contact, StringComparer.Ordinal)
            .Select(entry => Text(entry.Key, [.. entry])));

    private string Text(HostNode entry, IReadOnlyList<Call> own)
    {
        var ends = own.GroupBy(call => call.How).Select(how => $"{how.Count()} {how.Key}");
        var words = own.Where(call => call.How != CallEnd.Answered).GroupBy(call => call.Words).Take(8).Select(same =>
            $"{same.Count()} x {same.Key} "
            + $"({same.Min(call => call.Begin).TotalSeconds:0.0} to {same.Max(call => call.End).TotalSeconds:0.0} s)");
        var gap = Gap(entry);
        return $"{entry.Contact}: {string.Join(", ", ends)}; the longest took {own.Max(call => call.Took).TotalSeconds:0.00} s, the "
            + $"longest gap {gap.Length.TotalSeconds:0.00} s at {gap.At.TotalSeconds:0.0} s; {string.Join(" | ", words)}";
    }
}
