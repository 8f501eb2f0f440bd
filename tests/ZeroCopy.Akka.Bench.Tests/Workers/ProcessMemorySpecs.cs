using ZeroCopy.Bench.Workers;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Bench.Tests.Workers;

public sealed class ProcessMemorySpecs
{
    [SkippableFact]
    public void ProcessMemory_should_count_private_pages_in_both_figures()
    {
        Skip.IfNot(ProcessMemory.IsSupported, "This system has no /proc/PID/smaps_rollup.");
        const int Size = 64 << 20;
        var before = ProcessMemory.Of(Environment.ProcessId);
        var block = GC.AllocateUninitializedArray<byte>(Size, pinned: true);
        block.AsSpan().Fill(1);

        var after = ProcessMemory.Of(Environment.ProcessId);

        GC.KeepAlive(block);
        Assert.InRange(after.Unique - before.Unique, Size / 2, 4L * Size);
        Assert.True(after.Proportional >= after.Unique);
    }

    [SkippableFact]
    public void ProcessMemory_should_count_files_under_a_folder_alone()
    {
        Skip.IfNot(ProcessMemory.IsSupported, "This system has no /proc/PID/smaps_rollup.");
        using var directory = new TemporaryDirectory();
        Assert.Equal(0, ProcessMemory.OwnProportionalOf(directory.Path));

        const int Size = 1 << 20;
        using var map = System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(
            directory.File("mapped"), FileMode.CreateNew, null, Size);
        using var view = map.CreateViewAccessor();
        for (var offset = 0; offset < Size; offset += 4096)
        {
            view.Write(offset, (byte)1);
        }

        Assert.Equal(Size, ProcessMemory.OwnProportionalOf(directory.Path));
    }
}
