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
}
