using ZeroCopy.Bench.Models;
using ZeroCopy.Manifests;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites.Leaks;

/// <summary>Goes round in <see cref="LeakLoop"/>; what each loop needs is made at its first use and kept.</summary>
internal sealed class LeakLoops(ZeroCopyHost host)
{
    private const string Key = "leak-loops";
    private static readonly BertConfiguration Bert = new()
    {
        VocabularySize = 1000,
        HiddenSize = 64,
        Layers = 12,
        Heads = 4,
        IntermediateSize = 256,
    };

    private ModelHandle? _small;
    private TorchModel<BertModel>? _bert;

    public Task RunAsync(LeakLoop loop, int count, CancellationToken cancellationToken) => loop switch
    {
        LeakLoop.Loads => LoadsAsync(count, cancellationToken),
        LeakLoop.Clones => ClonesAsync(count, cancellationToken),
        LeakLoop.Calls => CallsAsync(count, cancellationToken),
        LeakLoop.Puts => PutsAsync(count, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(loop), loop, null),
    };

    private async Task LoadsAsync(int count, CancellationToken cancellationToken)
    {
        _small ??= await PutSmallAsync(0, cancellationToken).ConfigureAwait(false);
        var catalog = new ModelCatalog().Register<TorchSharp.Modules.Sequential, object>(Key, (_, _) => BenchModels.Small());
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var runtime = new TorchRuntime(host.Store, catalog);
            ModuleDisposal.Release(runtime.Open<TorchSharp.Modules.Sequential>(_small).Materialise());
        }
    }

    private async Task ClonesAsync(int count, CancellationToken cancellationToken)
    {
        if (_bert is null)
        {
            var module = new BertModel(Bert);
            _bert = host.Runtime.Open<BertModel>(await host.Runtime.PutAsync(
                module, new PutModuleOptions { Rebind = true }, cancellationToken: cancellationToken).ConfigureAwait(false));
            ModuleDisposal.Release(module);
        }

        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ModuleDisposal.Release(_bert.Materialise());
        }
    }

    private async Task CallsAsync(int count, CancellationToken cancellationToken)
    {
        _small ??= await PutSmallAsync(0, cancellationToken).ConfigureAwait(false);
        var source = host.Runtime.Open<nn.Module>(_small, new OpenOptions<nn.Module> { Factory = _ => BenchModels.Small() });
        using var rows = BenchModels.Rows(1);
        for (var i = 0; i < count; i++)
        {
            BenchModels.Free(await host.Actors.Tasks.RunAsync(
                source, BenchModels.CallSmall, rows, cancellationToken: cancellationToken).ConfigureAwait(false));
        }
    }

    private async Task PutsAsync(int count, CancellationToken cancellationToken)
    {
        for (var i = 1; i <= count; i++)
        {
            host.Store.Remove((await PutSmallAsync(i, cancellationToken).ConfigureAwait(false)).Id);
        }
    }

    private async Task<ModelHandle> PutSmallAsync(int seed, CancellationToken cancellationToken)
    {
        var module = BenchModels.Small();
        foreach (var (_, parameter) in module.named_parameters())
        {
            BenchModels.Fill(parameter, seed);
        }

        var handle = await host.Runtime.PutAsync(
            module,
            new PutModuleOptions { Recipe = new Recipe.Catalog(Key, "{}") },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);
        return handle;
    }
}
