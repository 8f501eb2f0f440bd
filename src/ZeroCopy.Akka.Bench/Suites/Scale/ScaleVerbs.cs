using System.Globalization;
using ZeroCopy.Bench.Models;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>What <see cref="ScaleSuite"/> tells worker processes to do.</summary>
internal static class ScaleVerbs
{
    /// <summary>DIRECTORY: opens the store alone and closes it; answers with the milliseconds that opening took.</summary>
    public static WorkerVerb OpenStore { get; } = WorkerVerb.Of("open-store", (_, arguments) =>
        StoreStart.Open(arguments[0]).ToString(CultureInfo.InvariantCulture));

    /// <summary>DIRECTORY: reads the headers of a store and makes nothing of them; answers with the milliseconds.</summary>
    public static WorkerVerb ReadHeaders { get; } = WorkerVerb.Of("read-headers", (_, arguments) =>
        StoreStart.ReadHeaders(arguments[0]).ToString(CultureInfo.InvariantCulture));

    /// <summary>ID COUNT: that many further instances of a BERT of the open store; each answers once.</summary>
    public static WorkerVerb Instances { get; } = WorkerVerb.Of("instances", (worker, arguments) =>
    {
        var model = worker.Host.Runtime.Open<BertModel>(worker.Host.Store.Resolve(ModelId.Parse(arguments[0])));
        worker.Hold(Worker.Number(arguments[1]), model.Materialise, BenchModels.CallBert);
        return "";
    });

    public static IReadOnlyList<WorkerVerb> All { get; } = [OpenStore, ReadHeaders, Instances];
}
