using ZeroCopy.Bench.Suites.Serve;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Bench.Tests.Suites.Serve;

public sealed class ServeSuiteSpecs : IProgress<string>
{
    private static readonly ServeSizes Tiny = new()
    {
        Model = new BertConfiguration
        {
            VocabularySize = 50,
            HiddenSize = 8,
            Layers = 1,
            Heads = 2,
            IntermediateSize = 8,
            MaxPositions = 8,
        },
        Models = 2,
        Tokens = 4,

        // Nobody's second is too short for a machine that does something else.
        Second = TimeSpan.FromMilliseconds(40),
        TimeOutSeconds = 1500,
        TraceSeconds = 14,
        GuessSeconds = 1,
        MaxUsers = 20,
    };

    private readonly List<string> _lines = [];

    [Fact]
    public async Task ServeSuite_should_count_the_users_that_are_served_in_time_against_private_replicas()
    {
        var results = await new ServeSuite(Tiny).RunAsync(this, default);

        Assert.Equal(Environment.ProcessorCount == 1 ? 1 : 2, results.Count);
        Assert.All(results, result =>
        {
            Assert.Equal(("users", "2 models", "users"), (result.Name, result.Subject, result.Unit));
            Assert.Contains("private replica", result.Baseline.Name, StringComparison.Ordinal);
            Assert.Equal((20, 20, 1), (result.Value, result.Baseline.Value, result.Ratio));
        });
        Assert.Contains(_lines, line => line.EndsWith("are served", StringComparison.Ordinal));
    }

    void IProgress<string>.Report(string value) => _lines.Add(value);
}
