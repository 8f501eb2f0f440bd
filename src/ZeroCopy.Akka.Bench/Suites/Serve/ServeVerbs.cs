using System.Text.Json;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>What <see cref="ServeSuite"/> tells worker processes to do.</summary>
internal static class ServeVerbs
{
    /// <summary>FILE CONFIGURATION TOKENS: constructs a BERT and loads the file into it, without the product; it answers once.</summary>
    public static WorkerVerb Replica { get; } = WorkerVerb.Of("replica", (worker, arguments) =>
    {
        var configuration = JsonSerializer.Deserialize<BertConfiguration>(arguments[1])!;
        worker.Kept(() => new Replica(
            BenchModels.LoadBert(arguments[0], configuration), Sentence(configuration, Worker.Number(arguments[2])))).Answer();
        return "";
    });

    /// <summary>THREADS: computes with so many from now on.</summary>
    public static WorkerVerb Threads { get; } = WorkerVerb.Of("threads", (_, arguments) =>
    {
        set_num_threads(Worker.Number(arguments[0]));
        return "";
    });

    /// <summary>The replica answers a message.</summary>
    public static WorkerVerb Answer { get; } = WorkerVerb.Of("answer", (worker, _) =>
    {
        worker.Kept<Replica>(() => throw new InvalidOperationException("There is no replica.")).Answer();
        return "";
    });

    public static IReadOnlyList<WorkerVerb> All { get; } = [Replica, Threads, Answer, SharedNode.Put];

    private static Tensor Sentence(BertConfiguration configuration, int tokens) =>
        randint(0, configuration.VocabularySize, [1, tokens], dtype: ScalarType.Int64);
}
