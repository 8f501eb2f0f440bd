using System.Text.RegularExpressions;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Repository.Tests.Build;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Papers;

public sealed partial class DocumentSpecs
{
    private static readonly string[] Folders = ["docs", "src", "tests", "docker", "hocon"];

    public static TheoryData<string> Written => [.. Markdown().Select(path => Path.GetRelativePath(RepositoryRoot.Path, path))];

    public static TheoryData<string> Projects =>
    [
        .. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(RepositoryRoot.Path, Path.GetDirectoryName(path)!)),
    ];

    [Theory]
    [MemberData(nameof(Written))]
    public void Document_should_link_to_what_exists(string document)
    {
        var path = Path.Combine(RepositoryRoot.Path, document);
        var links = Links().Matches(File.ReadAllText(path)).Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains("://", StringComparison.Ordinal));

        Assert.All(links, link =>
        {
            var parts = link.Split('#');
            var target = parts[0].Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, parts[0]));
            Assert.True(Path.Exists(target), $"{document} links to {link}.");
            if (parts.Length > 1)
            {
                Assert.Contains(parts[1], Headings().Matches(File.ReadAllText(target)).Select(match => Anchor(match.Groups[1].Value)));
            }
        });
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void Document_should_show_code_that_is_compiled(string document) =>
        Assert.All(Blocks(document, "csharp"), block =>
        {
            // Without what a spec compiles and runs.
            var rest = Statements(Examples.Aggregate(block, (text, example) => text.Replace(example, "", StringComparison.Ordinal)));
            Assert.Contains(PackageSpecs.Programs, program => Statements(program).Contains(rest, StringComparison.Ordinal));
        });

    [Theory]
    [MemberData(nameof(Written))]
    public void Document_should_show_settings_that_exist(string document) =>
        Assert.All(Blocks(document, "hocon"), block => ZeroCopySettings.From(block));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_should_have_a_readme(string project) =>
        Assert.True(File.Exists(Path.Combine(RepositoryRoot.Path, project, "README.md")), $"{project}/README.md");

    private static IReadOnlyList<string> Examples { get; } =
    [
        .. new[] { "src", "tests" }.SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(RepositoryRoot.Path, folder), "*.cs", SearchOption.AllDirectories))
            .SelectMany(path => Documents.Examples(path)),
    ];

    private static IEnumerable<string> Blocks(string document, string language) => Fences()
        .Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, document)).ReplaceLineEndings("\n"))
        .Where(fence => fence.Groups[1].Value == language).Select(fence => fence.Groups[2].Value);

    /// <summary>A text of C# without its usings and empty lines.</summary>
    private static string Statements(string code) => string.Join('\n', code.Split('\n').Where(
        line => !string.IsNullOrWhiteSpace(line) && !Usings().IsMatch(line)));

    private static IEnumerable<string> Markdown() =>
    [
        .. Directory.EnumerateFiles(RepositoryRoot.Path, "*.md"),
        .. Folders.SelectMany(
            folder => Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, folder), "*.md", SearchOption.AllDirectories))
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal)),
    ];

    // As GitHub makes it: lower case, blanks as hyphens, punctuation left out.
    private static string Anchor(string heading) =>
        Punctuation().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fences();

    [GeneratedRegex(@"^using (static )?[\w.]+;$")]
    private static partial Regex Usings();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
