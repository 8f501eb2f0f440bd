using System.Text.RegularExpressions;
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
    [MemberData(nameof(Projects))]
    public void Project_should_have_a_readme(string project) =>
        Assert.True(File.Exists(Path.Combine(RepositoryRoot.Path, project, "README.md")), $"{project}/README.md");

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

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
