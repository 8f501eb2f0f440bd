using System.Diagnostics;
using System.Text.Json;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Models;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Memory;

/// <summary>The part of the demo on a big model: load time and memory of BERT-base with shared weights and with a copy each.</summary>
internal sealed class BertDemo(DemoDirectory directory, DemoReport report, Action<string> step)
{
    private const int Processes = 2;
    private const int Instances = 2;
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
        step($"memory of {Processes} processes with {Instances} instances each: without a model");
        var open = WorkerVerbs.Open.With(directory.Store);
        var bare = await WorkerGroup.MeasureAsync(Processes, cancellationToken).ConfigureAwait(false);
        var empty = await WorkerGroup.MeasureAsync(Processes, cancellationToken, open).ConfigureAwait(false);
        step("the same with shared weights");
        var shared = await WorkerGroup.MeasureAsync(
            Processes, cancellationToken, open, WorkerVerbs.Pool.With(handle.Id.ToString(), $"{Instances}")).ConfigureAwait(false);
        shared += ProcessMemory.OwnProportionalOf(directory.Store);
        step("the same with a copy each");
        var alone = await WorkerGroup.MeasureAsync(
            Processes, cancellationToken, WorkerVerbs.Copies.With(file, $"{Instances}")).ConfigureAwait(false);
        var name = $"memory of {Processes} processes x {Instances} instances, above the processes without a model";
        report.Figures.Add(new DemoFigure(name, "models", Models(shared - empty), Models(alone - bare)));

        double Models(long bytes) => Math.Max(0.001, (double)bytes / handle.Bytes);
    }

    private async Task<ModelHandle> PutAndLoadAsync(string file, CancellationToken cancellationToken)
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.Store });
        using var runtime = new TorchRuntime(store, BuiltInModels.AddTo(new ModelCatalog()));
        step("construct BERT-base with random weights, save it, and put it");
        var module = new BertModel(new BertConfiguration());
        module.eval();
        module.save(file);
        var expected = Answer(module);
        var recipe = new Recipe.Catalog(BertModel.CatalogKey, JsonSerializer.Serialize(new BertConfiguration()));
        var handle = await runtime.PutAsync(
            module,
            new PutModuleOptions { Put = new PutOptions { Name = new ModelName("demo-bert") }, Recipe = recipe },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);

        step("load it: construct and read the file, then materialise from the store");
        var alone = Milliseconds(() => BenchModels.LoadBert(file), expected, out var aloneEqual);
        var model = runtime.Open<BertModel>(handle);
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
        equal = Answer(model).AsSpan().SequenceEqual(expected);
        ModuleDisposal.Release(model);
        return elapsed;
    }

    /// <summary>
    /// One sequence of 32 tokens to its last hidden state, as bytes; by one thread, which divides every sum in the same way.
    /// </summary>
    private static byte[] Answer(BertModel model)
    {
        TorchThreads.Bound(1);
        try
        {
            using var scope = NewDisposeScope();
            using var guard = no_grad();
            var answer = model.call(HeldNumber.Use(32, end => arange(end, dtype: ScalarType.Int64)).unsqueeze(0), null, null);
            return answer["last_hidden_state"].contiguous().bytes.ToArray();
        }
        finally
        {
            TorchThreads.Reset();
        }
    }
}
