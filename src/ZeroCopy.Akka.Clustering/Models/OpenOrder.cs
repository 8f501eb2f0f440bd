using Akka.Actor;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Models;

/// <summary>An order to a node that has not been answered.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Node">Who is to hold, and to load where wanted.</param>
/// <param name="Version">Which version.</param>
internal sealed record OpenOrder(long Id, Address Node, int Version)
{
    /// <summary>Calls that go there when it is carried out.</summary>
    public List<(IActorRef Sender, EntityRequest.Place Place)> Waiting { get; } = [];
}
