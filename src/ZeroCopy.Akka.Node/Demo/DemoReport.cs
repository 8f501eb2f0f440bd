using System.Globalization;
using Spectre.Console;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Demo;

/// <summary>What the demo checked and measured.</summary>
internal sealed class DemoReport
{
    public List<DemoCheck> Checks { get; } = [];

    public List<DemoFigure> Figures { get; } = [];

    /// <summary>What this system cannot show, with the reason.</summary>
    public List<string> LeftOut { get; } = [];

    public bool Passed => Checks.Count > 0 && Checks.TrueForAll(check => check.Passed);

    public void Check(string name, bool passed, string detail) => Checks.Add(new DemoCheck(name, passed, detail));

    public void Print(CommandContext context, TimeSpan elapsed)
    {
        if (context.Json)
        {
            context.PrintJson(new { Passed, Seconds = Math.Round(elapsed.TotalSeconds, 1), Checks, Figures, LeftOut });
            return;
        }

        foreach (var check in Checks)
        {
            context.Output.WriteLine($"{(check.Passed ? "ok  " : "FAIL")} {check.Name}: {check.Detail}");
        }

        var table = new Table().AddColumns("BERT-base, 12 layers, random weights", "shared", "one copy each", "less by");
        foreach (var figure in Figures)
        {
            table.AddRow(
                Markup.Escape(figure.Name),
                $"{Number(figure.Shared)} {figure.Unit}",
                $"{Number(figure.Alone)} {figure.Unit}",
                $"{Number(figure.Ratio)} x");
        }

        context.Print(table);
        foreach (var line in LeftOut)
        {
            context.Output.WriteLine($"left out: {line}");
        }

        context.Output.WriteLine(
            FormattableString.Invariant($"{(Passed ? "All checks passed" : "Some checks FAILED")} in {elapsed.TotalSeconds:F1} s."));
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "N0" : "G3", CultureInfo.InvariantCulture);
}
