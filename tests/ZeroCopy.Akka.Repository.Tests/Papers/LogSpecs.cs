using System.Text.RegularExpressions;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Papers;

/// <summary>Whoever reads a warning finds it in the operator's document.</summary>
public sealed partial class LogSpecs
{
    [Fact]
    public void Operations_should_have_each_warning_and_error_of_the_cluster()
    {
        var document = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "operations.md"));
        var sources = string.Join('\n', Directory.EnumerateFiles(
            Path.Combine(RepositoryRoot.Path, "src", "ZeroCopy.Akka.Clustering"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText));

        var lines = Lines().Matches(sources)
            .Select(call => string.Concat(call.Groups["text"].Captures.Select(text => text.Value))).ToList();

        Assert.Equal(Calls().Count(sources), lines.Count);
        Assert.True(lines.Count > 10, $"Only {lines.Count} lines were found.");
        Assert.All(lines, line => Assert.Contains(Words(line), document, StringComparison.Ordinal));
    }

    /// <summary>The longest part of a line that is the same each time.</summary>
    private static string Words(string line) =>
        Holes().Split(line).Select(part => part.Trim(' ', ':', ';', ',', '.')).MaxBy(part => part.Length)!;

    [GeneratedRegex(@"\b_?log\.(Warning|Error)\(", RegexOptions.IgnoreCase)]
    private static partial Regex Calls();

    // The text, which may be put together of several, behind the exception where there is one.
    [GeneratedRegex(
        @"\b_?log\.(Warning|Error)\(\s*([\w.!?]+,\s*)?""(?<text>([^""\\]|\\.)*)""(\s*\+\s*""(?<text>([^""\\]|\\.)*)"")*",
        RegexOptions.IgnoreCase)]
    private static partial Regex Lines();

    [GeneratedRegex(@"\{\d+(:[^}]*)?\}")]
    private static partial Regex Holes();
}
