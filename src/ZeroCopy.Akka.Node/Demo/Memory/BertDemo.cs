using System.Diagnostics;
using System.Text.Json;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Commands;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Node.Demo.Memory;

/// <summary>The part of the demo on a big model: load time and memory of BERT-base with shared weights and with a copy each.</summary>
internal sealed class BertDemo(DemoDirectory directory, DemoReport report, Action<string> step)
{
    private const int Rounds = 7;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var file = directory.File("bert.dat");
        var handle = await PutAndLoadAsync(file, cancellationToken).ConfigureAwait(false);
        if (!ProcessMemory.IsSupported)
        {
            report.LeftOut.Add("memory of worker processes: this system has no /proc/PID/smaps_rollup");
            return;
        }

        // Any prototype of this process is gone: what it mapped would otherwise take a part of the workers' pages.
        step($"memory of {WorkerGroup.Processes} processes with {Worker.Instances} instances each: without a model");
        var empty = await WorkerGroup.MeasureAsync(WorkerKind.Empty, directory.Store, "-", cancellationToken).ConfigureAwait(false);
        step("the same with shared weights");
        var shared = await WorkerGroup.MeasureAsync(
            WorkerKind.Shared, directory.Store, handle.Id.ToString(), cancellationToken).ConfigureAwait(false);
        step("the same with a copy each");
        var alone = await WorkerGroup.MeasureAsync(WorkerKind.Alone, directory.Store, file, cancellationToken).ConfigureAwait(false);
        var name = $"memory of {WorkerGroup.Processes} processes x {Worker.Instances} instances, above the empty processes";
        report.Figures.Add(new DemoFigure(name, "models", Models(shared), Models(alone)));

        double Models(long bytes) => Math.Max(0.001, (double)(bytes - empty) / handle.Bytes);
    }

    private async Task<ModelHandle> PutAndLoadAsync(string file, CancellationToken cancellationToken)
    {
        using var runtime = NodeRuntime.Open(new ObjectStoreOptions { Directory = directory.Store });
        step("construct BERT-base with random weights, save it, and put it");
        var module = new BertModel(new BertConfiguration());
        module.eval();
        module.save(file);
        var expected = Bert.Answer(module);
        var recipe = new Recipe.Catalog(BertModel.CatalogKey, JsonSerializer.Serialize(new BertConfiguration()));
        var handle = await runtime.Torch.PutAsync(
            module,
            new PutModuleOptions { Put = new PutOptions { Name = new ModelName("demo-bert") }, Recipe = recipe },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);

        step("load it: construct and read the file, then materialise from the store");
        var alone = Milliseconds(() => Bert.Load(file), expected, out var aloneEqual);
        var model = runtime.Torch.Open<BertModel>(handle);
        var equal = true;
        var shared = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            shared.Add(Milliseconds(model.Materialise, expected, out var same));
            equal &= same;
        }

        report.Check("BERT-base from the store", equal && aloneEqual, $"{Rounds} instances bit-equal to the constructed one");
        report.Figures.Add(new DemoFigure("time to a further instance", "ms", shared.Order().ElementAt(Rounds / 2), alone));
        return handle;
    }

    private static double Milliseconds(Func<BertModel> load, byte[] expected, out bool equal)
    {
        var start = Stopwatch.GetTimestamp();
        var model = load();
        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        equal = Bert.Answer(model).AsSpan().SequenceEqual(expected);
        ModuleDisposal.Release(model);
        return elapsed;
    }
}
