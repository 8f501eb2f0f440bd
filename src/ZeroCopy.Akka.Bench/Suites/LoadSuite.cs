using System.Diagnostics;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Scripts;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Models;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites;

/// <summary>
/// How long BERT-base takes to be there: a further instance, the first one, and a warm lease, against constructing it and loading its file.
/// </summary>
internal sealed class LoadSuite : IBenchSuite
{
    private const string ScriptFile = "bert.pt";
    private const int Rounds = 9;
    private const int Repetitions = 20;
    private const int Leases = 20_000;

    public string Name => "load";

    public string Description => "materialise BERT-base from the store, against constructing it and loading its file";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.Path("store") });
        using var runtime = new TorchRuntime(store, BuiltInModels.AddTo(new ModelCatalog()));
        var module = BenchModels.Bert();
        var file = directory.Path("bert.dat");
        module.save(file);
        var (models, scripts) = await PutVariantsAsync(runtime, module, directory, progress, cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);

        // The first one warms the process: its code is compiled and libtorch is loaded.
        var warm = runtime.Open<BertModel>(models[0]);
        ModuleDisposal.Release(warm.Materialise());
        (await warm.RentAsync(cancellationToken).ConfigureAwait(false)).Dispose();

        using (await runtime.OpenAny(scripts[0]).RentAsync(cancellationToken).ConfigureAwait(false))
        {
        }

        List<double> baseline = [], further = [], first = [], lease = [], scripted = [], libtorch = [];
        for (var round = 0; round < Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress.Report($"load: round {round + 1} of {Rounds}");
            baseline.Add(Milliseconds(() => ModuleDisposal.Release(BenchModels.LoadBert(file))));
            first.Add(Milliseconds(() => ModuleDisposal.Release(runtime.Open<BertModel>(models[round + 1]).Materialise())));
            libtorch.Add(Milliseconds(() => ModuleDisposal.Release(jit.load(directory.Path(ScriptFile)))));
            scripted.Add(await RentScriptAsync(runtime, scripts[round + 1], cancellationToken).ConfigureAwait(false));
            further.AddRange(Enumerable.Range(0, Repetitions).Select(_ => Materialise(warm)));
            lease.Add(Milliseconds(() => Rent(warm)) / Leases);
        }

        var expected = new Samples(baseline);
        return
        [
            BenchResult.OfCost("materialise", "bert", "ms", new Samples(further), "construct and load", expected),
            BenchResult.OfCost("first-materialise", "bert", "ms", new Samples(first), "construct and load", expected),
            BenchResult.OfCost("first-materialise", "bert.pt", "ms", new Samples(scripted), "construct and load", expected),
            BenchResult.OfCost(
                "first-materialise-script", "bert.pt", "ms", new Samples(scripted), "load by libtorch", new Samples(libtorch)),
            BenchResult.OfCost("lease", "bert", "ms", new Samples(lease), "construct and load", expected),
        ];
    }

    // Models that differ in one small tensor: the store holds the others once, and each is new to the process.
    private static async Task<(List<ModelHandle> Modules, List<ModelHandle> Scripts)> PutVariantsAsync(
        TorchRuntime runtime, BertModel module, ScratchDirectory directory, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var recipe = new Recipe.Catalog(BertModel.CatalogKey, "{}");
        var bias = module.named_parameters().Single(parameter => parameter.name == "pooler.dense.bias").parameter;
        var (models, scripts) = (new List<ModelHandle>(), new List<ModelHandle>());
        for (var variant = 0; variant <= Rounds; variant++)
        {
            progress.Report($"load: putting model {variant + 1} of {Rounds + 1}");
            BenchModels.Fill(bias, variant);
            models.Add(await runtime.PutAsync(module, new PutModuleOptions { Recipe = recipe }, cancellationToken: cancellationToken)
                .ConfigureAwait(false));
            ScriptedBert.Write(directory.Path(ScriptFile), module, new BertConfiguration());
            scripts.Add(await runtime.PutFileAsync(directory.Path(ScriptFile), cancellationToken: cancellationToken).ConfigureAwait(false));
        }

        return (models, scripts);
    }

    // As with the modules, the runtime keeps what it opened: only the instance is returned.
    private static async Task<double> RentScriptAsync(TorchRuntime runtime, ModelHandle script, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var instance = await runtime.OpenAny(script).RentAsync(cancellationToken).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    // The instance is released outside the measured time, as a process that keeps it would not release it.
    private static double Materialise(TorchModel<BertModel> model)
    {
        var start = Stopwatch.GetTimestamp();
        var module = model.Materialise();
        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        ModuleDisposal.Release(module);
        return elapsed;
    }

    private static void Rent(TorchModel<BertModel> model)
    {
        for (var i = 0; i < Leases; i++)
        {
            if (!model.TryRent(out var instance))
            {
                throw new InvalidOperationException("The pool of skeletons is empty though every one was returned.");
            }

            instance.Dispose();
        }
    }

    private static double Milliseconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
