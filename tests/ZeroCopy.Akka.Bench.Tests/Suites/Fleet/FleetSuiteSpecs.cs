using ZeroCopy.Bench.Suites.Fleet;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Tests.Suites.Fleet;

public sealed class FleetSuiteSpecs : IProgress<string>
{
    private static readonly FleetSizes Tiny = new() { Models = 6, Width = 4, Rate = 200, Seconds = 1 };

    private readonly List<string> _lines = [];

    [SkippableFact]
    public async Task FleetSuite_should_call_all_models_of_all_nodes_and_lose_none()
    {
        Skip.IfNot(ProcessMemory.IsSupported, "This system has no /proc/PID/smaps_rollup.");

        var results = await new FleetSuite(Tiny).RunAsync(this, default);

        Assert.Equal(
            ["p99 of a warm call", "memory of a loaded model", "memory of an idle model"], results.Select(result => result.Name));
        Assert.All(results, result => Assert.Equal("6 models", result.Subject));
        Assert.Contains("fleet: 6 models have answered; until they have been idle for too long", _lines);
        Assert.Equal(3, _lines.Count(line => line.EndsWith("lost: none", StringComparison.Ordinal)));
    }

    void IProgress<string>.Report(string value) => _lines.Add(value);
}
