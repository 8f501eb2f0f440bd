using System.Globalization;
using System.Text.Json;
using ZeroCopy.Bench.Models;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Models;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Workers;

/// <summary>The inside of a worker process: holds what it was told to make until its input ends.</summary>
/// <param name="verbs">What it can be told to do.</param>
internal sealed class Worker(IEnumerable<WorkerVerb> verbs) : IAsyncDisposable
{
    private readonly Dictionary<string, WorkerVerb> _verbs = verbs.ToDictionary(verb => verb.Name);
    private readonly Dictionary<Type, object> _kept = [];
    private readonly List<nn.Module> _modules = [];
    private Tensor? _sentence;
    private ZeroCopyHost? _host;

    /// <summary>The one input of all calls: others would touch other rows of the embedding, which no one has mapped yet.</summary>
    public Tensor Sentence => _sentence ??= BenchModels.Tokens(1);

    /// <summary>The product on the store that <see cref="Open"/> opened.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ZeroCopyHost Host => _host ?? throw new InvalidOperationException("No store is open.");

    /// <summary>Answers each line of <paramref name="input"/> with a line, until it ends.</summary>
    public async Task RunAsync(TextReader input, TextWriter output, CancellationToken cancellationToken)
    {
        while (await input.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            var step = JsonSerializer.Deserialize<WorkerStep>(line)!;
            WorkerAnswer answer;
            try
            {
                answer = new WorkerAnswer(
                    await _verbs[step.Verb].DoAsync(this, step.Arguments, cancellationToken).ConfigureAwait(false), null);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                answer = new WorkerAnswer(null, error.ToString());
            }

            await output.WriteLineAsync(JsonSerializer.Serialize(answer)).ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Opens a store and starts an actor system with the product in it; the worker closes both when it ends.</summary>
    public ZeroCopyHost Open(string directory, bool prefault) => _host = ZeroCopyHost.Open(new ZeroCopyHostOptions
    {
        Store = new ObjectStoreOptions { Directory = directory, Prefault = prefault },
        Catalog = BuiltInModels.AddTo(new ModelCatalog()),
    });

    /// <summary>What a verb made at its first step and needs again at the next ones.</summary>
    public T Kept<T>(Func<T> make)
        where T : class
    {
        if (!_kept.TryGetValue(typeof(T), out var kept))
        {
            _kept.Add(typeof(T), kept = make());
        }

        return (T)kept;
    }

    /// <summary>Loads modules, calls each once with <see cref="Sentence"/>, and keeps them.</summary>
    public void Hold(int count, Func<nn.Module> load, ModelFunction function)
    {
        for (var i = 0; i < count; i++)
        {
            var module = load();
            _modules.Add(module);
            BenchModels.Direct(function, module, Sentence);
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

    /// <summary>A whole number among a step's arguments.</summary>
    public static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
