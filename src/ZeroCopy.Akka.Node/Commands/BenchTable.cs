using System.Globalization;
using Spectre.Console;
using ZeroCopy.Bench.Measuring;

namespace ZeroCopy.Node.Commands;

/// <summary>A report of a suite for people to read.</summary>
internal static class BenchTable
{
    public static Table Of(BenchReport report)
    {
        var table = new Table().Title(report.Suite).AddColumns("figure", "subject", "value", "minimum to maximum", "baseline", "ratio");
        foreach (var result in report.Results)
        {
            table.AddRow(
                Markup.Escape(result.Name),
                Markup.Escape(result.Subject),
                Markup.Escape($"{Number(result.Value)} {result.Unit}"),
                Markup.Escape($"{Number(result.Spread["minimum"])} to {Number(result.Spread["maximum"])}"),
                Markup.Escape($"{result.Baseline.Name}: {Number(result.Baseline.Value)} {result.Baseline.Unit}"),
                Markup.Escape(Number(result.Ratio)));
        }

        return table;
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 1000 ? "N0" : "G4", CultureInfo.InvariantCulture);
}
