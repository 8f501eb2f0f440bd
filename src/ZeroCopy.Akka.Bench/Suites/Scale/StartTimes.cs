using System.Globalization;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>
/// Times of opening a store, which rebuilds its index, each in a process of its own that has run nothing else; against the shortest loop
/// that reads the same headers and manifests and makes nothing of them. In milliseconds.
/// </summary>
internal static class StartTimes
{
    public static Task<(Samples Value, Samples Baseline)> MeasureAsync(ScaleRun run, string store) => Interleaved.SampleAsync(
        run.Sizes.Rounds,
        () => AskAsync(ScaleVerbs.OpenStore, store, run.Cancelled),
        () => AskAsync(ScaleVerbs.ReadHeaders, store, run.Cancelled),
        run.Cancelled);

    private static async Task<double> AskAsync(WorkerVerb verb, string store, CancellationToken cancellationToken)
    {
        var worker = WorkerProcess.Start();
        await using (worker.ConfigureAwait(false))
        {
            return double.Parse(
                await worker.AskAsync(verb.With(store), cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture);
        }
    }
}
