using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Leaks;

/// <summary>
/// What a process holds after a thing was done many times, against what it held before, once it had been done often enough for the process
/// to have all it needs. Megabytes are those of <c>/proc</c>, 2^20 bytes.
/// </summary>
internal sealed class LeaksSuite : IBenchSuite
{
    private const double Megabyte = 1 << 20;

    private static readonly (LeakLoop Loop, int Count)[] Loops =
        [(LeakLoop.Loads, 2000), (LeakLoop.Clones, 2000), (LeakLoop.Calls, 2000), (LeakLoop.Puts, 200)];

    /// <summary>LOOP COUNT: goes round one of <see cref="LeakLoop"/>, in the open store.</summary>
    internal static WorkerVerb Loop { get; } = new("loop", async (worker, arguments, cancellationToken) =>
    {
        await worker.Kept(() => new LeakLoops(worker.Host))
            .RunAsync(Enum.Parse<LeakLoop>(arguments[0]), Worker.Number(arguments[1]), cancellationToken).ConfigureAwait(false);
        return "";
    });

    public string Name => "leaks";

    public string Description => "what a process holds after thousands of loads, calls and puts, against what it held before";

    public IReadOnlyList<WorkerVerb> Verbs => [Loop];

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var results = new List<BenchResult>();
        foreach (var (loop, count) in Loops)
        {
            progress.Report($"leaks: {count} {loop}");
            var group = await WorkerGroup.StartAsync(1, cancellationToken, WorkerVerbs.Open.With(directory.Path($"{loop}")))
                .ConfigureAwait(false);
            await using (group.ConfigureAwait(false))
            {
                // The first round is the process's own growth: compiled code, threads, pools.
                var before = await AfterAsync(group.First, loop, count, cancellationToken).ConfigureAwait(false);
                var after = await AfterAsync(group.First, loop, count, cancellationToken).ConfigureAwait(false);
                results.AddRange(before.Zip(after, (first, second) => Result($"{count} {loop}".ToLowerInvariant(), first, second)));
            }
        }

        return results;
    }

    private static async Task<(string Name, string Unit, double Value)[]> AfterAsync(
        WorkerProcess worker, LeakLoop loop, int count, CancellationToken cancellationToken)
    {
        await worker.AskAsync(LeaksSuite.Loop.With($"{loop}", $"{count}"), cancellationToken).ConfigureAwait(false);
        await worker.AskAsync(WorkerVerbs.Collect.With(), cancellationToken).ConfigureAwait(false);
        return
        [
            ("private-dirty", "MB", ProcessMemory.Of(worker.Id).PrivateDirty / Megabyte),
            ("mappings", "files", ProcessMemory.MappedFilesOf(worker.Id)),
            ("descriptors", "files", ProcessMemory.DescriptorsOf(worker.Id)),
        ];
    }

    private static BenchResult Result(
        string subject, (string Name, string Unit, double Value) before, (string Name, string Unit, double Value) after) =>
        BenchResult.OfCost(after.Name, subject, after.Unit, new Samples([after.Value]), "before", new Samples([before.Value]));
}
