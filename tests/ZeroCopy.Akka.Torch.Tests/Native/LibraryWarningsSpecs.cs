using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class LibraryWarningsSpecs
{
    [Fact]
    public void LibraryWarnings_should_reach_each_log_once_be_it_there_before_or_after()
    {
        var before = new List<string>();
        var after = new List<string>();
        var line = $"before and after {Guid.NewGuid()}";
        using (LibraryWarnings.Subscribe(before.Add))
        {
            LibraryWarnings.Add(line);
        }

        using (LibraryWarnings.Subscribe(after.Add))
        {
        }

        Assert.Single(before, line);
        Assert.Single(after, line);
        Assert.Contains(line, TorchLibrary.Remark!, StringComparison.Ordinal);
    }

    [Fact]
    public void LibraryWarnings_should_not_reach_a_log_that_has_ended()
    {
        var lines = new List<string>();
        using var other = LibraryWarnings.Subscribe(lines.Add);
        LibraryWarnings.Subscribe(lines.Add).Dispose();
        lines.Clear();
        var line = $"one log {Guid.NewGuid()}";

        LibraryWarnings.Add(line);

        Assert.Single(lines, line);
    }
}
