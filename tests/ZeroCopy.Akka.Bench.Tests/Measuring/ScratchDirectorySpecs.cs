using ZeroCopy.Bench.Measuring;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Bench.Tests.Measuring;

public sealed class ScratchDirectorySpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void ScratchDirectory_should_lie_beside_the_store_and_go_with_what_is_in_it()
    {
        var store = Path.Combine(_directory.Path, "store");
        using (var scratch = new ScratchDirectory(store, "spec", neededBytes: 1))
        {
            Assert.StartsWith($"{store}-spec-", scratch.Root, StringComparison.Ordinal);
            File.WriteAllText(scratch.Path("file"), "content");
        }

        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void ScratchDirectory_should_go_where_it_may_write_when_nothing_can_be_beside_the_store()
    {
        var file = Path.Combine(_directory.Path, "file");
        File.WriteAllText(file, "");
        string root;
        using (var scratch = new ScratchDirectory(Path.Combine(file, "store"), "spec", neededBytes: 1))
        {
            root = scratch.Root;
            Assert.StartsWith(Path.GetTempPath(), root, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(root));
    }

    [Fact]
    public void ScratchDirectory_should_say_what_it_tried_and_leave_nothing_when_there_is_no_room()
    {
        var store = Path.Combine(_directory.Path, "store");
        Directory.CreateDirectory(store);

        var error = Assert.Throws<IOException>(() => new ScratchDirectory(store, "spec", long.MaxValue));

        Assert.Contains($"{store}-spec-", error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetTempPath(), error.Message, StringComparison.Ordinal);
        Assert.Contains("8,796,093,022,207 MiB that are needed", error.Message, StringComparison.Ordinal);
        Assert.Equal([store], Directory.GetFileSystemEntries(_directory.Path));
        Assert.Empty(Directory.GetFileSystemEntries(store));
    }
}
