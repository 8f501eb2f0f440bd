using System.CommandLine;
using ZeroCopy.Bench;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Plots;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy bench</c>: a suite of figures against their baselines.</summary>
internal sealed class BenchCommand : NodeCommand
{
    private readonly IReadOnlyList<IBenchSuite> _suites;
    private readonly Argument<string> _suite;
    private readonly Option<DirectoryInfo?> _plot = new("--plot")
    {
        Description = "Draw how cost grows, one PNG for each axis, into this folder; for suites that measure growth.",
        HelpName = "DIR",
    };

    public BenchCommand()
        : this(BenchSuites.All)
    {
    }

    internal BenchCommand(params IReadOnlyList<IBenchSuite> suites)
        : base("bench", "Measure the product against baselines, in turn in one run.", "zerocopy bench put --json")
    {
        _suites = suites;
        _suite = new("SUITE") { Description = string.Join("; ", suites.Select(suite => $"{suite.Name}: {suite.Description}")) };
        _suite.AcceptOnlyFromAmong([.. suites.Select(suite => suite.Name)]);
        Arguments.Add(_suite);
        Options.Add(_plot);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var suite = _suites.Single(candidate => candidate.Name == context.Get(_suite));
        var plots = context.Get(_plot);
        if (plots is not null)
        {
            Prepare(plots, suite);
        }

        var results = await suite.RunAsync(new Lines(context.Error), cancellationToken).ConfigureAwait(false);
        var report = BenchReport.Of(suite.Name, results);
        if (context.Json)
        {
            context.Output.WriteLine(report.ToJson());
        }
        else
        {
            context.Print(BenchTable.Of(report));
        }

        if (plots is not null)
        {
            foreach (var file in GrowthPlot.Of(results).Select(plot => PlotWriter.Write(plot, plots.FullName)))
            {
                context.Error.WriteLine($"drew {file}");
            }
        }

        return ExitCode.Success;
    }

    // What would fail at the end of a run of minutes fails before it.
    private void Prepare(DirectoryInfo plots, IBenchSuite suite)
    {
        if (!suite.MeasuresGrowth)
        {
            var growing = string.Join(", ", _suites.Where(candidate => candidate.MeasuresGrowth).Select(candidate => candidate.Name));
            throw new OptionException($"--plot draws how cost grows, which '{suite.Name}' does not measure; use it with: {growing}.");
        }

        plots.Create();
        PlotWriter.Font();
    }

    private sealed class Lines(TextWriter writer) : IProgress<string>
    {
        public void Report(string value) => writer.WriteLine(value);
    }
}
