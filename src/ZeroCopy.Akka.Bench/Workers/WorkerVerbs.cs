using System.Text.Json;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Bench.Models;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Batching;
using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Workers;

/// <summary>What every worker process can be told to do; suites bring more.</summary>
internal static class WorkerVerbs
{
    /// <summary>Argument of <see cref="Open"/>.</summary>
    public const string Prefault = "prefault";

    /// <summary>One small product of matrices, which loads libtorch.</summary>
    public static WorkerVerb Forward { get; } = WorkerVerb.Of("forward", (_, _) =>
    {
        set_num_threads(1);
        rand(64, 64).matmul(rand(64, 64)).Dispose();
        return "";
    });

    /// <summary>DIRECTORY [prefault]: opens the store and starts an actor system with the product in it.</summary>
    public static WorkerVerb Open { get; } = WorkerVerb.Of("open", (worker, arguments) =>
        worker.Open(arguments[0], arguments.Contains(Prefault)).Actors.ObjectStore.Path.ToString());

    /// <summary>ID ACTORS: a further pool of that many actors over a model of the open store, each of which answers once.</summary>
    public static WorkerVerb Pool { get; } = new("pool", async (worker, arguments, cancellationToken) =>
    {
        await ServeAsync(worker, ModelId.Parse(arguments[0]), Worker.Number(arguments[1]), cancellationToken).ConfigureAwait(false);
        return "";
    });

    /// <summary>
    /// FILE COUNT [CONFIGURATION]: constructs that many BERT, BERT-base without a configuration, and loads the file into each, without the
    /// product; each answers once.
    /// </summary>
    public static WorkerVerb Copies { get; } = WorkerVerb.Of("copies", (worker, arguments) =>
    {
        var configuration = arguments.Length > 2
            ? JsonSerializer.Deserialize<BertConfiguration>(arguments[2])!
            : new BertConfiguration();
        worker.Hold(Worker.Number(arguments[1]), () => BenchModels.LoadBert(arguments[0], configuration), BenchModels.CallBert);
        return "";
    });

    /// <summary>Collects garbage and keeps no room for more of it, so that what is left is in use.</summary>
    public static WorkerVerb Collect { get; } = WorkerVerb.Of("collect", (_, _) =>
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return "";
    });

    public static IReadOnlyList<WorkerVerb> All { get; } = [Forward, Open, Pool, Copies, Collect];

    private static async Task ServeAsync(Worker worker, ModelId model, int actors, CancellationToken cancellationToken)
    {
        var host = worker.Host;
        var handle = host.Store.Resolve(model);
        var isScript = host.Store.ReadManifest(model).Recipe is Recipe.Script;
        IInstanceSource source = isScript ? host.Runtime.OpenAny(handle) : host.Runtime.Open<BertModel>(handle);
        var pool = await host.Actors.CreatePoolAsync(
            $"pool-{Guid.NewGuid():N}",
            source,
            isScript ? BenchModels.CallScript : BenchModels.CallBert,
            new TorchBatchCodec(),
            settings => settings with { Size = actors, Router = RoutingStrategy.RoundRobin }).ConfigureAwait(false);
        while (pool.ReadyActors < actors)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken).ConfigureAwait(false);
        }

        // In turn, so that every actor has answered.
        for (var call = 0; call < actors; call++)
        {
            BenchModels.Free(await pool.CallAsync(worker.Sentence, cancellationToken: cancellationToken).ConfigureAwait(false));
        }
    }
}
