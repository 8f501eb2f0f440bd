using ZeroCopy.Node.Tests.Cli;

namespace ZeroCopy.Node.Tests.Commands;

public sealed class DemoCommandSpecs : IDisposable
{
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public void Demo_should_pass_its_checks_and_leave_nothing_behind()
    {
        var report = _zerocopy.Run("demo", "--json").Succeeded().Json();

        Assert.True(report.GetProperty("passed").GetBoolean());
        Assert.True(report.GetProperty("checks").GetArrayLength() >= 6);
        var figures = report.GetProperty("figures").EnumerateArray().Select(figure => figure.GetProperty("name").GetString()!).ToList();
        Assert.Contains(figures, name => name.Contains("further instance", StringComparison.Ordinal));
        Assert.Equal(File.Exists("/proc/self/smaps_rollup"), figures.Exists(name => name.Contains("memory", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(_zerocopy.Store)!));
    }

    [Fact]
    public void Demo_should_show_its_progress_its_checks_and_a_table()
    {
        var run = _zerocopy.Run("demo").Succeeded();

        Assert.Contains("a pool of 4 actors", run.Error, StringComparison.Ordinal);
        Assert.Matches(@"ok +accuracy on the held-out digits: \d+ of 599", run.Output);
        Assert.Matches(@"time to a further instance +[\d.,]+ ms +[\d.,]+ ms", run.Output);
        Assert.Contains("All checks passed", run.Output, StringComparison.Ordinal);
    }
}
