using Akka.Actor;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Tests.Clients;

/// <summary>The examples of the documents on clusters, word for word between the markers.</summary>
internal static class ClusterExamples
{
    public static async Task<EntityReply.Decided> RollOutAsync(ActorSystem system, Address address, string name, int version, int percent)
    {
        // example: rollout
        var node = await NodeClient.ConnectAsync(system, address, NodeClient.AnswerTime);
        var decided = await node.AskAsync<EntityReply.Decided>(
            id => new EntityRequest.RollOut(name, version, percent, id), Timeout.InfiniteTimeSpan);
        // end
        return decided;
    }
}
