using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace ZeroCopy.Node.Bench;

/// <summary>What a run of a suite prints: JSON for machines, a table for people.</summary>
/// <param name="Suite">The suite's name.</param>
/// <param name="Environment">What it ran on.</param>
/// <param name="Results">The figures.</param>
internal sealed record BenchReport(string Suite, IReadOnlyDictionary<string, string> Environment, IReadOnlyList<BenchResult> Results)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static BenchReport Of(string suite, IReadOnlyList<BenchResult> results) => new(
        suite,
        new Dictionary<string, string>
        {
            ["os"] = RuntimeInformation.OSDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
            ["processors"] = System.Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["dotnet"] = RuntimeInformation.FrameworkDescription,
            ["torchsharp"] = typeof(TorchSharp.torch).Assembly.GetName().Version?.ToString() ?? "",
        },
        results);

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public Table ToTable()
    {
        var table = new Table().Title(Suite).AddColumns("figure", "subject", "value", "minimum to maximum", "baseline", "ratio");
        foreach (var result in Results)
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

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 1000 ? "N0" : "G4", System.Globalization.CultureInfo.InvariantCulture);
}
