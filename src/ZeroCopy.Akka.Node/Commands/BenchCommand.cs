using System.CommandLine;
using ZeroCopy.Node.Bench;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy bench</c>: a suite of figures against their baselines.</summary>
internal sealed class BenchCommand : NodeCommand
{
    private static readonly IBenchSuite[] Suites = [new LeaksSuite(), new LoadSuite(), new MemorySuite(), new PoolSuite(), new PutSuite(), new TasksSuite()];

    private readonly Argument<string> _suite = new("SUITE")
    {
        Description = string.Join("; ", Suites.Select(suite => $"{suite.Name}: {suite.Description}")),
    };

    public BenchCommand()
        : base("bench", "Measure the product against baselines, in turn in one run.", "zerocopy bench put --json")
    {
        _suite.AcceptOnlyFromAmong([.. Suites.Select(suite => suite.Name)]);
        Arguments.Add(_suite);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var suite = Suites.Single(candidate => candidate.Name == context.Get(_suite));
        var results = await suite.RunAsync(new Lines(context.Error), cancellationToken).ConfigureAwait(false);
        var report = BenchReport.Of(suite.Name, results);
        if (context.Json)
        {
            context.Output.WriteLine(report.ToJson());
        }
        else
        {
            context.Print(report.ToTable());
        }

        return ExitCode.Success;
    }

    private sealed class Lines(TextWriter writer) : IProgress<string>
    {
        public void Report(string value) => writer.WriteLine(value);
    }
}
