using System.Globalization;
using System.Text.Json;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Bench;
using ZeroCopy.Node.Bench.Scripts;
using ZeroCopy.Node.Commands;
using ZeroCopy.Runtime;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Batching;
using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Workers;

/// <summary>The inside of a worker process: holds what it was told to make until its input ends.</summary>
internal sealed class Worker : IAsyncDisposable
{
    public const string BertFile = "bert.dat";
    public const string SafetensorsFile = "bert.safetensors";
    public const string ScriptFile = "bert.pt";
    public const string Prefault = "prefault";
    private readonly List<nn.Module> _modules = [];
    private Tensor? _sentence;
    private ZeroCopyHost? _host;
    private LeakLoops? _loops;
    private int _pools;

    // The same one for all calls: others would touch other rows of the embedding, which no one has mapped yet.
    private Tensor Sentence => _sentence ??= BenchModels.Tokens(1);

    private ZeroCopyHost Host => _host ?? throw new InvalidOperationException("No store is open.");

    /// <summary>Answers each line of <paramref name="input"/> with a line, until it ends.</summary>
    public async Task RunAsync(TextReader input, TextWriter output, CancellationToken cancellationToken)
    {
        while (await input.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            var words = JsonSerializer.Deserialize<string[]>(line)!;
            WorkerAnswer answer;
            try
            {
                answer = new WorkerAnswer(await DoAsync(Enum.Parse<WorkerVerb>(words[0]), words[1..], cancellationToken).ConfigureAwait(false), null);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                answer = new WorkerAnswer(null, error.ToString());
            }

            await output.WriteLineAsync(JsonSerializer.Serialize(answer)).ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _modules.ForEach(ModuleDisposal.Release);
        _sentence?.Dispose();
        if (_host is not null)
        {
            await _host.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<string> DoAsync(WorkerVerb verb, string[] arguments, CancellationToken cancellationToken)
    {
        switch (verb)
        {
            case WorkerVerb.Forward:
                set_num_threads(1);
                rand(64, 64).matmul(rand(64, 64)).Dispose();
                return "";
            case WorkerVerb.Open:
                _host = ZeroCopyHost.Open(new ZeroCopyHostOptions
                {
                    Store = new ObjectStoreOptions { Directory = arguments[0], Prefault = arguments.Contains(Prefault) },
                    Catalog = NodeRuntime.CreateCatalog(),
                });
                _loops = new LeakLoops(_host);
                return _host.Actors.ObjectStore.Path.ToString();
            case WorkerVerb.OpenStore:
                return StoreStart.Open(arguments[0]).ToString(CultureInfo.InvariantCulture);
            case WorkerVerb.ReadHeaders:
                return StoreStart.ReadHeaders(arguments[0]).ToString(CultureInfo.InvariantCulture);
            case WorkerVerb.Prepare:
                return await PrepareAsync(arguments[0], cancellationToken).ConfigureAwait(false);
            case WorkerVerb.Pool:
                await ServeAsync(ModelId.Parse(arguments[0]), Number(arguments[1]), cancellationToken).ConfigureAwait(false);
                return "";
            case WorkerVerb.Instances:
                var model = Host.Runtime.Open<BertModel>(Host.Store.Resolve(ModelId.Parse(arguments[0])));
                Hold(Number(arguments[1]), model.Materialise, BenchModels.CallBert);
                return "";
            case WorkerVerb.Copies:
                var configuration = arguments.Length > 2
                    ? JsonSerializer.Deserialize<BertConfiguration>(arguments[2])! : new BertConfiguration();
                Hold(Number(arguments[1]), () => BenchModels.LoadBert(arguments[0], configuration), BenchModels.CallBert);
                return "";
            case WorkerVerb.ScriptCopies:
                Hold(Number(arguments[1]), () => jit.load(arguments[0]), BenchModels.CallScript);
                return "";
            case WorkerVerb.Put:
                return (await Host.Runtime.PutFileAsync(arguments[0], cancellationToken: cancellationToken).ConfigureAwait(false)).Id.ToString();
            case WorkerVerb.Twelve:
                var (used, separate) = await TwelveModels.PutAsync(Host, cancellationToken).ConfigureAwait(false);
                return $"{used} {separate}";
            case WorkerVerb.Loop:
                await _loops!.RunAsync(Enum.Parse<LeakLoop>(arguments[0]), Number(arguments[1]), cancellationToken).ConfigureAwait(false);
                return "";
            case WorkerVerb.Collect:
                GC.Collect();
                GC.WaitForPendingFinalizers();
                GC.Collect();
                return "";
            default:
                throw new ArgumentOutOfRangeException(nameof(verb), verb, null);
        }
    }

    /// <summary>
    /// Writes what the suites read: a TorchSharp file, a TorchScript file, a safetensors file. All from one model with random weights, which the store gets
    /// too, as itself and as the script; they hold the same blocks.
    /// </summary>
    private async Task<string> PrepareAsync(string folder, CancellationToken cancellationToken)
    {
        var configuration = new BertConfiguration();
        var module = BenchModels.Bert();
        module.save(Path.Combine(folder, BertFile));
        ScriptedBert.Write(Path.Combine(folder, ScriptFile), module, configuration);
        var recipe = new Recipe.Catalog(BertModel.CatalogKey, JsonSerializer.Serialize(configuration));
        var bert = await Host.Runtime.PutAsync(module, new PutModuleOptions { Recipe = recipe }, cancellationToken: cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);
        var script = await Host.Runtime.PutFileAsync(Path.Combine(folder, ScriptFile), cancellationToken: cancellationToken).ConfigureAwait(false);
        using var lease = Host.Store.Acquire(bert.Id, "writing its file");
        SafetensorsExporter.Export(lease, Path.Combine(folder, SafetensorsFile), cancellationToken);
        return $"{bert.Id} {script.Id} {bert.Bytes}";
    }

    private async Task ServeAsync(ModelId model, int actors, CancellationToken cancellationToken)
    {
        var handle = Host.Store.Resolve(model);
        var isScript = Host.Store.ReadManifest(model).Recipe is Recipe.Script;
        IInstanceSource source = isScript ? Host.Runtime.OpenAny(handle) : Host.Runtime.Open<BertModel>(handle);
        var pool = await Host.Actors.CreatePoolAsync(
            $"pool-{++_pools}", source, isScript ? BenchModels.CallScript : BenchModels.CallBert, new TorchBatchCodec(),
            settings => settings with { Size = actors, Router = RoutingStrategy.RoundRobin }).ConfigureAwait(false);
        while (pool.ReadyActors < actors)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken).ConfigureAwait(false);
        }

        // In turn, so that every actor has answered.
        for (var call = 0; call < actors; call++)
        {
            BenchModels.Free(await pool.CallAsync(Sentence, cancellationToken: cancellationToken).ConfigureAwait(false));
        }
    }

    private void Hold(int count, Func<nn.Module> load, ModelFunction function)
    {
        for (var i = 0; i < count; i++)
        {
            var module = load();
            _modules.Add(module);
            BenchModels.Direct(function, module, Sentence);
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
