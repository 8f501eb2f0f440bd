using ZeroCopy.Bench.Suites.Leaks;
using ZeroCopy.Bench.Workers;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Bench.Tests.Suites.Leaks;

public sealed class LeakLoopsSpecs
{
    [SkippableTheory]
    [InlineData("Loads")]
    [InlineData("Clones")]
    [InlineData("Calls")]
    [InlineData("Puts")]
    public async Task LeakLoops_should_hold_no_more_files_and_memory_after_many_rounds(string loop)
    {
        Skip.IfNot(ProcessMemory.IsSupported, "This system has no /proc/PID/smaps_rollup.");
        const int Rounds = 100;
        using var directory = new TemporaryDirectory();
        await using var group = await WorkerGroup.StartAsync(1, default, WorkerVerbs.Open.With(directory.File("store")));
        var before = await HeldAfterAsync(group.First, loop, Rounds);

        var after = await HeldAfterAsync(group.First, loop, Rounds);

        // One that stays behind in each round would be a hundred; the runtime itself takes one now and then.
        Assert.InRange(after.Mappings - before.Mappings, int.MinValue, Rounds / 10);
        Assert.InRange(after.Descriptors - before.Descriptors, int.MinValue, Rounds / 10);
        // A model that stays behind is 140 KB and more; the process's own code still grows by a few megabytes.
        Assert.InRange(after.PrivateDirty - before.PrivateDirty, long.MinValue, 10L << 20);
    }

    private static async Task<(int Mappings, int Descriptors, long PrivateDirty)> HeldAfterAsync(
        WorkerProcess worker, string loop, int rounds)
    {
        await worker.AskAsync(LeaksSuite.Loop.With(loop, $"{rounds}"), default);
        await worker.AskAsync(WorkerVerbs.Collect.With(), default);
        return (ProcessMemory.MappedFilesOf(worker.Id), ProcessMemory.DescriptorsOf(worker.Id), ProcessMemory.Of(worker.Id).PrivateDirty);
    }
}
