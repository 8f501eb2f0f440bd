using System.Globalization;
using ZeroCopy.Bench.Scripts;
using ZeroCopy.Bench.Suites.Remote;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites.Fleet;

/// <summary>Small scripts, each with a weight of its own.</summary>
internal static class FleetModels
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>FIRST STEP COUNT WIDTH: puts every STEPth of so many models into the store of a node.</summary>
    public static WorkerVerb Put { get; } = new("fleet-put", async (worker, arguments, cancellationToken) =>
    {
        var (first, step, count, width) = (
            Worker.Number(arguments[0]), Worker.Number(arguments[1]), Worker.Number(arguments[2]), Worker.Number(arguments[3]));
        var node = WorkerNode.Of(worker);
        for (var model = first; model < count; model += step)
        {
            await PutAsync(node.Host.Runtime, node.Folder, model, width, cancellationToken).ConfigureAwait(false);
        }

        return "";
    });

    /// <summary>Waits until no pool runs.</summary>
    public static WorkerVerb Idle { get; } = new("fleet-idle", async (worker, _, cancellationToken) =>
    {
        var node = WorkerNode.Of(worker);
        while (node.Host.Actors.Pools.Count > 0)
        {
            await Task.Delay(Look, cancellationToken).ConfigureAwait(false);
        }

        return "";
    });

    /// <summary>FOLDER COUNT WIDTH: loads the first so many as a program without the product does, calls each, and keeps them.</summary>
    public static WorkerVerb Copies { get; } = WorkerVerb.Of("fleet-copies", (worker, arguments) =>
    {
        var (path, count, width) = (File(arguments[0]), Worker.Number(arguments[1]), Worker.Number(arguments[2]));
        var kept = worker.Kept(() => new List<jit.ScriptModule<Tensor, Tensor>>());
        using var row = ones(1, width);
        for (var model = 0; model < count; model++)
        {
            Write(path, model, width);
            kept.Add(jit.load<Tensor, Tensor>(path));
            kept[^1].call(row).Dispose();
        }

        return "";
    });

    /// <summary>Name of a model in the cluster.</summary>
    public static string Name(int model) => string.Create(CultureInfo.InvariantCulture, $"fleet-{model:D4}");

    /// <summary>Puts one into a store.</summary>
    /// <param name="runtime">Of the store.</param>
    /// <param name="folder">Where a file may be left.</param>
    /// <param name="model">Which.</param>
    /// <param name="width">Rows and columns of its weight.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task PutAsync(TorchRuntime runtime, string folder, int model, int width, CancellationToken cancellationToken)
    {
        var path = File(folder);
        Write(path, model, width);
        return runtime.PutFileAsync(path, new PutOptions { Name = ModelName.Parse(Name(model)) }, cancellationToken: cancellationToken);
    }

    private static string File(string folder) => Path.Combine(folder, "fleet.pt");

    private static void Write(string path, int model, int width)
    {
        using var generator = new Generator((ulong)model);
        using var weight = randn([width, width], generator: generator);
        var module = new TracedModule("Small", "x: Tensor", "Tensor", "return torch.matmul(x, _weight)");
        TracedArchive.Write(path, module.With("weight", weight));
    }
}
