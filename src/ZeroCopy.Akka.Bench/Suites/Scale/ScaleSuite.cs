using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>
/// How cost grows: with the bytes and the tensors of a model, its instances in a process, and the models in the store. What takes more room
/// than there is, is left out with a note.
/// </summary>
internal sealed class ScaleSuite(ScaleSizes sizes) : IBenchSuite
{
    public string Name => "scale";

    public string Description => "how put, load, start and memory grow with bytes, tensors, instances and models in the store";

    public bool MeasuresGrowth => true;

    public IReadOnlyList<WorkerVerb> Verbs => ScaleVerbs.All;

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var run = new ScaleRun(directory, sizes, progress, cancellationToken);
        return
        [
            .. await new ModelScale(run).MeasureAsync().ConfigureAwait(false),
            .. await new InstanceScale(run).MeasureAsync().ConfigureAwait(false),
        ];
    }
}
