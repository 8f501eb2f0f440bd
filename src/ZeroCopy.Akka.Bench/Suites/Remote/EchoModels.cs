using Akka.Actor;
using ZeroCopy.Bench.Scripts;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>Models that compute next to nothing, and an echo beside them.</summary>
internal static class EchoModels
{
    /// <summary>Answers with as many bytes as it gets.</summary>
    public const string Same = "same";

    /// <summary>Takes an image, and answers with three numbers.</summary>
    public const string Image = "image";

    /// <summary>Puts them into the store of a node, and starts the echo.</summary>
    public static WorkerVerb Put { get; } = new("echo-put", async (worker, _, cancellationToken) =>
    {
        var node = WorkerNode.Of(worker);
        node.Host.ActorSystem.ActorOf(Props.Create<EchoActor>(), EchoActor.Name);
        await PutAsync(node, Same, "return torch.add(argument_1, 1)", cancellationToken).ConfigureAwait(false);
        await PutAsync(node, Image, "return torch.select(torch.select(argument_1, 3, 0), 2, 0)", cancellationToken).ConfigureAwait(false);
        return "";
    });

    private static async Task PutAsync(WorkerNode node, string name, string code, CancellationToken cancellationToken)
    {
        var path = Path.Combine(node.Folder, $"{name}.pt");
        TracedArchive.Write(path, new TracedModule(name, "argument_1: Tensor", "Tensor", code));
        await node.Host.Runtime.PutFileAsync(
            path, new PutOptions { Name = ModelName.Parse(name) }, cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
