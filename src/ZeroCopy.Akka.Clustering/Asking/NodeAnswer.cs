using Akka.Actor;
using ZeroCopy.Clocks;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Asking;

/// <summary>Asks a node, and waits for all of its answer.</summary>
internal static class NodeAnswer
{
    private static readonly TimeSpan FindTime = TimeSpan.FromSeconds(3);

    /// <summary>
    /// The answer of the node at an address; null where it is not there, takes longer, or it or the connection was lost before.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<NodeReply?> AskAsync(
        ActorSystem system, Address node, IRequestMessage request, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            var actor = await NodePath.At(system, node).ResolveOne(FindTime, cancellationToken).ConfigureAwait(false);
            return await AskAsync(system, actor, request, limit, cancellationToken).ConfigureAwait(false) as NodeReply;
        }
        catch (Exception e) when (e is ActorNotFoundException or TimeoutException)
        {
            // Akka tells of a cancelled search as of one that found nothing.
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>
    /// The answer; or, where the node was given by its actor, <see cref="Terminated"/> or <see cref="Akka.Remote.DisassociatedEvent"/>: it
    /// stopped, or it or the connection was lost before.
    /// </summary>
    /// <param name="system">Of who asks.</param>
    /// <param name="node">The node's actor, or where it is.</param>
    /// <param name="request">The request.</param>
    /// <param name="limit">How long all of the answer may take.</param>
    /// <param name="cancellationToken">Ends the wait; what the node has begun goes on.</param>
    /// <exception cref="TimeoutException">It took longer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<object> AskAsync(
        ActorSystem system, ICanTell node, IClusterMessage request, TimeSpan limit, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = system.ActorOf(NodeRequestActor.Props(node, request, answer));
        try
        {
            await Durations.WaitAsync(answer.Task, limit, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            return await answer.Task.ConfigureAwait(false);
        }
        finally
        {
            system.Stop(asking);
        }
    }
}
