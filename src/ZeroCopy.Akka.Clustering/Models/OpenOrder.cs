using Akka.Actor;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Models;

/// <summary>An order to a node that has not been answered.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Node">Who is to hold, and to load where wanted.</param>
/// <param name="Version">Which version.</param>
/// <param name="Warm">Whether it is loaded too.</param>
internal sealed record OpenOrder(long Id, Address Node, int Version, bool Warm)
{
    /// <summary>How often the node was told of it without a word.</summary>
    public int Silences { get; set; }

    /// <summary>Calls that go there when it is carried out.</summary>
    public List<(IActorRef Sender, EntityRequest.Place Place)> Waiting { get; } = [];
}
