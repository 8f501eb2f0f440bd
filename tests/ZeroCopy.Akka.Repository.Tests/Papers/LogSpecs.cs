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

        var lines = Texts(Lines());

        Assert.Equal(Calls().Count(sources), lines.Count);
        Assert.True(lines.Count > 10, $"Only {lines.Count} lines were found.");
        // What a line has from elsewhere, as it stands there.
        var words = lines.Where(line => line != "{0}").Select(Words).Concat(Texts(Advice()).Select(FirstWords)).ToList();
        Assert.Equal(lines.Count + 1, words.Count);
        Assert.All(words, one => Assert.True(one.Length > 0 && document.Contains(one, StringComparison.Ordinal), one));

        List<string> Texts(Regex calls) => calls.Matches(sources)
            .Select(call => string.Concat(call.Groups["text"].Captures.Select(text => text.Value))).ToList();
    }

    /// <summary>The longest part of a line that is the same each time.</summary>
    private static string Words(string line) =>
        Holes().Split(line).Select(part => part.Trim(' ', ':', ';', ',', '.')).MaxBy(part => part.Length)!;

    /// <summary>The first part of a line's first sentence that is the same each time.</summary>
    private static string FirstWords(string line) =>
        Holes().Split(line.Split(". ")[0]).Select(part => part.Trim()).First(part => part.Length > 0);

    [GeneratedRegex(@"\b_?log\.(Warning|Error)\(", RegexOptions.IgnoreCase)]
    private static partial Regex Calls();

    // The text, which may be put together of several, behind the exception where there is one.
    [GeneratedRegex(
        @"\b_?log\.(Warning|Error)\(\s*([\w.!?]+,\s*)?""(?<text>([^""\\]|\\.)*)""(\s*\+\s*""(?<text>([^""\\]|\\.)*)"")*",
        RegexOptions.IgnoreCase)]
    private static partial Regex Lines();

    [GeneratedRegex(@"\badvice\.Add\(\s*\$""(?<text>[^""]*)""(\s*\+\s*\$?""(?<text>[^""]*)"")*")]
    private static partial Regex Advice();

    [GeneratedRegex(@"\{\w+(:[^}]*)?\}")]
    private static partial Regex Holes();
}
