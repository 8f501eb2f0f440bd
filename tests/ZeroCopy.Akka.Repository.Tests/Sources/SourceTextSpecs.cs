using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Sources;

/// <summary>What holds of the text of sources and neither the build nor the check of white space looks at.</summary>
public sealed class SourceTextSpecs
{
    private const int MaxColumns = 140;
    private static readonly string[] Folders = ["src", "tests", "hocon", "docker", ".ci"];
    private static readonly string[] Extensions =
        [".cs", ".props", ".targets", ".csproj", ".conf", ".sh", ".ps1", ".proto", ".js", ".css", ".html", ".py", ".yml", ".yaml"];

    [Fact]
    public void Sources_should_name_their_namespaces_in_order_with_those_of_the_base_library_first()
    {
        var outOfOrder = Sources().Where(source => source.EndsWith(".cs", StringComparison.Ordinal)).Where(source =>
        {
            var names = File.ReadLines(Path.Combine(RepositoryRoot.Path, source))
                .TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal))
                .Where(line => !line.StartsWith("using static ", StringComparison.Ordinal) && !line.Contains('='))
                .Select(line => line["using ".Length..].TrimEnd(';')).ToList();
            return !names.SequenceEqual(names
                .OrderBy(name => name is not "System" && !name.StartsWith("System.", StringComparison.Ordinal))
                .ThenBy(name => name, StringComparer.OrdinalIgnoreCase));
        });

        Assert.Empty(outOfOrder);
    }

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
