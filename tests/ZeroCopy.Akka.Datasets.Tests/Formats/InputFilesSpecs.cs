using ZeroCopy.Datasets.Formats;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Formats;

public sealed class InputFilesSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("*.jsonl", "b.jsonl", "in.jsonl")]
    [InlineData("?n.jsonl", "in.jsonl")]
    [InlineData(".*.jsonl", ".hidden.jsonl")]
    public void InputFiles_should_match_names_as_the_shell_does(string pattern, params string[] files)
    {
        foreach (var name in (ReadOnlySpan<string>)[".hidden.jsonl", "b.jsonl", "in.jsonl"])
        {
            File.WriteAllText(_directory.File(name), "");
        }

        Assert.Equal(files.Select(_directory.File), InputFiles.Expand([_directory.File(pattern)]));
    }

    [SkippableFact]
    public void InputFiles_should_refuse_a_file_that_is_named_twice_also_by_a_link()
    {
        Skip.If(OperatingSystem.IsWindows(), "A link needs rights there.");
        File.WriteAllText(_directory.File("in.jsonl"), "");
        File.CreateSymbolicLink(_directory.File("link.jsonl"), "in.jsonl");

        var error = Assert.Throws<DatasetException>(
            () => InputFiles.Expand([_directory.File("in.jsonl"), _directory.File("link.jsonl")]));

        Assert.Contains($"also as '{_directory.File("link.jsonl")}'", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void InputFiles_should_refuse_what_can_be_read_only_once()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells of which kind a file is.");

        var error = Assert.Throws<DatasetException>(() => InputFiles.Expand(["/dev/null"]));

        Assert.Contains("'/dev/null' is a pipe or a device", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p*/in.jsonl", "a pattern has * and ? in the name of the file alone")]
    [InlineData("p[12]/*.jsonl", "a pattern has * and ? in the name of the file alone")]
    [InlineData("in[12].jsonl", "in[12].jsonl'; a pattern has * and ? alone.")]
    public void InputFiles_should_say_what_patterns_there_are(string pattern, string words) => Assert.Contains(
        words, Assert.ThrowsAny<Exception>(() => InputFiles.Expand([_directory.File(pattern)])).Message, StringComparison.Ordinal);
}
