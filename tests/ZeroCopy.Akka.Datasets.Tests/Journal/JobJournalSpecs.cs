using System.Text.RegularExpressions;
using ZeroCopy.Datasets.Journal;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Journal;

public sealed class JobJournalSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void JobJournal_should_let_go_of_a_file_that_it_cannot_read()
    {
        var path = _directory.File("journal");
        using (var file = File.Create(path))
        {
            file.SetLength(Array.MaxLength + 1L);
        }

        Assert.ThrowsAny<Exception>(() => JobJournal.Open(path));

        File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [Theory]
    [InlineData("keep", "5")]
    [InlineData("keep", "-1")]
    [InlineData("nextRow", "-9")]
    [InlineData("nextRow", "3")]
    [InlineData("settled", "-1")]
    [InlineData("pendingBytes", "-1")]
    [InlineData("hash", "null")]
    [InlineData("finished", """{"name":null,"bytes":1,"part":null}""")]
    public void JobJournal_should_end_before_a_line_that_cannot_follow(string member, string value)
    {
        var path = _directory.File("journal");
        var part = JournalPart.Start with { NextRow = 4, Rows = 4 };
        using (var begun = JobJournal.Open(path))
        {
            begun.Begin([]);
            begun.Add(part);
            begun.Add(part with { NextRow = 8, Rows = 8 });
        }

        var lines = File.ReadAllLines(path);
        lines[2] = member is "keep" or "finished" ? $$"""{"{{member}}":{{value}}}"""
            : Regex.Replace(lines[2], $"\"{member}\":[^,}}]*", $"\"{member}\":{value}");
        File.WriteAllLines(path, lines);

        using var journal = JobJournal.Open(path);
        Assert.Equal([part], journal.Parts);
        Assert.Null(journal.Finished);
    }
}
