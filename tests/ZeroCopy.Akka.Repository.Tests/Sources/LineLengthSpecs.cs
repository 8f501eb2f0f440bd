using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Sources;

/// <summary>Two files can be read side by side.</summary>
public sealed class LineLengthSpecs
{
    private const int MaxColumns = 140;
    private static readonly string[] Folders = ["src", "tests", "hocon", "docker", ".ci"];
    private static readonly string[] Extensions =
        [".cs", ".props", ".targets", ".csproj", ".conf", ".sh", ".ps1", ".proto", ".js", ".css", ".html", ".py", ".yml", ".yaml"];

    [Fact]
    public void Sources_should_have_no_line_over_140_columns()
    {
        var sources = Sources().ToList();
        var tooLong = sources.SelectMany(source => File.ReadLines(Path.Combine(RepositoryRoot.Path, source))
            .Select((line, index) => (Line: line, Place: $"{source}:{index + 1}"))
            .Where(line => line.Line.Length > MaxColumns)
            .Select(line => $"{line.Place}: {line.Line.Length} columns")).ToList();

        Assert.True(sources.Count > 100, $"Only {sources.Count} sources were found.");
        Assert.True(tooLong.Count == 0, $"Lines have at most {MaxColumns} columns:{Environment.NewLine}{string.Join('\n', tooLong)}");
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(RepositoryRoot.Path)
            .Concat(Folders.SelectMany(folder => Files(Path.Combine(RepositoryRoot.Path, folder))))
            .Where(file => Extensions.Contains(Path.GetExtension(file)) || file == Path.Combine(RepositoryRoot.Path, ".ci", "run"))
            .Select(file => Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder).Concat(
            Directory.EnumerateDirectories(folder).Where(child => Path.GetFileName(child) is not ("bin" or "obj")).SelectMany(Files));
}
