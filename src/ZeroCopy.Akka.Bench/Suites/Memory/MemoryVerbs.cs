using System.Text.Json;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Scripts;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites.Memory;

/// <summary>What <see cref="MemorySuite"/> tells worker processes to do.</summary>
internal static class MemoryVerbs
{
    /// <summary>
    /// FOLDER: writes BERT-base in every form of <see cref="PreparedModels"/> and puts it into the open store; answers with the model's id,
    /// that of its script, and its bytes.
    /// </summary>
    public static WorkerVerb Prepare { get; } = new("prepare", (worker, arguments, cancellationToken) =>
        PrepareAsync(worker.Host, arguments[0], cancellationToken));

    /// <summary>FILE COUNT: loads a TorchScript file that many times, without the product; each answers once.</summary>
    public static WorkerVerb ScriptCopies { get; } = WorkerVerb.Of("script-copies", (worker, arguments) =>
    {
        worker.Hold(Worker.Number(arguments[1]), () => jit.load(arguments[0]), BenchModels.CallScript);
        return "";
    });

    /// <summary>PATH: puts a file or folder into the open store; answers with its id.</summary>
    public static WorkerVerb Put { get; } = new("put", async (worker, arguments, cancellationToken) =>
    {
        var runtime = worker.Host.Runtime;
        return (await runtime.PutFileAsync(arguments[0], cancellationToken: cancellationToken).ConfigureAwait(false)).Id.ToString();
    });

    /// <summary>
    /// Puts <see cref="TwelveModels"/> into the open store; answers with the store's bytes and those of a copy for each name.
    /// </summary>
    public static WorkerVerb Twelve { get; } = new("twelve", async (worker, _, cancellationToken) =>
    {
        var (used, separate) = await TwelveModels.PutAsync(
            worker.Host, new BertConfiguration(), cancellationToken: cancellationToken).ConfigureAwait(false);
        return $"{used} {separate}";
    });

    public static IReadOnlyList<WorkerVerb> All { get; } = [Prepare, ScriptCopies, Put, Twelve];

    // All from one model with random weights; the forms hold the same blocks.
    private static async Task<string> PrepareAsync(ZeroCopyHost host, string folder, CancellationToken cancellationToken)
    {
        var configuration = new BertConfiguration();
        var module = BenchModels.Bert();
        module.save(Path.Combine(folder, PreparedModels.BertFile));
        var file = Path.Combine(folder, PreparedModels.BertScriptFile);
        ScriptedBert.Write(file, module, configuration);
        var options = new PutModuleOptions
        {
            Recipe = new Recipe.Catalog(BertModel.CatalogKey, JsonSerializer.Serialize(configuration)),
        };
        var bert = await host.Runtime.PutAsync(module, options, cancellationToken: cancellationToken).ConfigureAwait(false);
        ModuleDisposal.Release(module);
        var script = await host.Runtime.PutFileAsync(file, cancellationToken: cancellationToken).ConfigureAwait(false);
        using var lease = host.Store.Acquire(bert.Id, "writing its file");
        SafetensorsExporter.Export(lease, Path.Combine(folder, PreparedModels.BertSafetensorsFile), cancellationToken);
        return $"{bert.Id} {script.Id} {bert.Bytes}";
    }
}
