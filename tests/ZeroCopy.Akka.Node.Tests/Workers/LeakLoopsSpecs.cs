using ZeroCopy.Node.Workers;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Workers;

public sealed class LeakLoopsSpecs
{
    [SkippableTheory]
    [InlineData("Loads")]
    [InlineData("Clones")]
    [InlineData("Calls")]
    [InlineData("Puts")]
    public async Task Worker_should_hold_no_more_files_and_memory_after_many_rounds(string loop)
    {
        Skip.IfNot(ProcessMemory.IsSupported, "This system has no /proc/PID/smaps_rollup.");
        const int Rounds = 100;
        using var directory = new TemporaryDirectory();
        await using var group = await WorkerGroup.StartAsync(1, default, new WorkerStep(WorkerVerb.Open, directory.File("store")));
        var before = await HeldAfterAsync(group.First, loop, Rounds);

        var after = await HeldAfterAsync(group.First, loop, Rounds);

        Assert.Equal((before.Mappings, before.Descriptors), (after.Mappings, after.Descriptors));
        // A model that stays behind is 140 KB and more; the process's own code still grows by a few megabytes.
        Assert.InRange(after.PrivateDirty - before.PrivateDirty, long.MinValue, 10L << 20);
    }

    [Fact]
    public async Task Worker_should_say_why_it_could_not_do_something_and_go_on()
    {
        await using var group = await WorkerGroup.StartAsync(1, default);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => group.First.AskAsync(new WorkerStep(WorkerVerb.Put, "nothing"), default));

        Assert.Contains("No store is open", error.Message, StringComparison.Ordinal);
        Assert.Empty(await group.First.AskAsync(new WorkerStep(WorkerVerb.Collect), default));
    }

    private static async Task<(int Mappings, int Descriptors, long PrivateDirty)> HeldAfterAsync(WorkerProcess worker, string loop, int rounds)
    {
        await worker.AskAsync(new WorkerStep(WorkerVerb.Loop, loop, $"{rounds}"), default);
        await worker.AskAsync(new WorkerStep(WorkerVerb.Collect), default);
        return (ProcessMemory.MappedFilesOf(worker.Id), ProcessMemory.DescriptorsOf(worker.Id), ProcessMemory.Of(worker.Id).PrivateDirty);
    }
}
