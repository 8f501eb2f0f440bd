namespace ZeroCopy.TestSupport;

/// <summary>What users read: the README and everything in <c>docs</c>.</summary>
public static class Documents
{
    /// <summary>Their paths, the README first.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Path.Combine(RepositoryRoot.Path, "README.md"),
        .. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "docs"), "*.md").Order(StringComparer.Ordinal),
    ];

    /// <summary>
    /// The examples of a source of this repository, each between <c>// example:</c> and <c>// end</c>, without indentation.
    /// </summary>
    public static IReadOnlyList<string> Examples(params ReadOnlySpan<string> path)
    {
        var source = File.ReadAllLines(Path.Combine([RepositoryRoot.Path, .. path]));
        var examples = new List<string>();
        for (var line = 0; line < source.Length; line++)
        {
            if (source[line].TrimStart().StartsWith("// example:", StringComparison.Ordinal))
            {
                var body = source.Skip(line + 1).TakeWhile(text => text.Trim() != "// end").ToList();
                var indent = body[0].Length - body[0].TrimStart().Length;
                examples.Add(string.Join('\n', body.Select(text => text.Length > indent ? text[indent..] : "")));
            }
        }

        return examples;
    }

    /// <summary>The lines of the first block of commands behind a heading of a document.</summary>
    public static IReadOnlyList<string> Commands(string document, string heading) =>
    [
        .. File.ReadLines(Path.Combine(RepositoryRoot.Path, document)).SkipWhile(line => line != heading).SkipWhile(line => line != "```sh")
            .Skip(1).TakeWhile(line => line != "```"),
    ];
}
