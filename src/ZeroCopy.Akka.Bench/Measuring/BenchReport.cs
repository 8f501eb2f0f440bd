using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ZeroCopy.Bench.Measuring;

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
}
