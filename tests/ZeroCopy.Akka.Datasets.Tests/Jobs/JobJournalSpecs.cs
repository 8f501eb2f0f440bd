using ZeroCopy.Datasets.Jobs;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

public sealed class JobJournalSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void JobJournal_should_let_go_of_a_file_that_it_cannot_read()
    {
        var path = _directory.File("journal");
        File.WriteAllText(path, """{"keep":5}""" + "\n");

        Assert.ThrowsAny<Exception>(() => JobJournal.Open(path));

        File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }
}
