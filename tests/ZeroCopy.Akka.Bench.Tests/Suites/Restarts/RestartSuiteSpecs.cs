using ZeroCopy.Bench.Suites.Restarts;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Bench.Tests.Suites.Restarts;

public sealed class RestartSuiteSpecs : IProgress<string>
{
    private static readonly RestartSizes Few = new() { Rate = 100, Pause = TimeSpan.FromSeconds(2) };

    [SkippableFact]
    public async Task No_call_should_fail_or_be_lost_while_nodes_are_killed_or_stopped_one_by_one()
    {
        Skip.IfNot(Soak.IsOn, Soak.Reason);

        var results = await new RestartSuite(Few).RunAsync(this, default);

        Assert.Equal(4, results.Count(result => result is { Unit: "calls", Value: 0, Ratio: 1 }));
        Assert.Equal(3, results.Count(result => result is { Unit: "ms", Value: > 0 }));
    }

    void IProgress<string>.Report(string value)
    {
    }
}
