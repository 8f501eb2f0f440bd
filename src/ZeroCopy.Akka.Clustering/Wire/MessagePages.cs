using System.Collections.Immutable;
using Akka.Actor;
using Google.Protobuf;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Wire;

/// <summary>
/// Messages as frames of remoting hold them: what tells of many models, of many versions of one, or of many who hold them, goes in several
/// messages, of which all but the last say that another one follows. Remoting drops what is larger, and tells its log alone. Thread-safe.
/// </summary>
internal sealed class MessagePages(ActorSystem system)
{
    private const string FrameSize = "akka.remote.dot-netty.tcp.maximum-frame-size";

    // The rest is for the envelope, and for what stands before the parts.
    private readonly long _bytes = (system.Settings.Config.GetByteSize(FrameSize, null) ?? long.MaxValue) / 4 * 3;

    /// <summary>Sends a message, in as many as it needs.</summary>
    public void Tell(ICanTell to, IClusterMessage message, IActorRef sender)
    {
        foreach (var page in Of(message))
        {
            to.Tell(page, sender);
        }
    }

    /// <summary>The messages that one goes in, in their order.</summary>
    public IEnumerable<IClusterMessage> Of(IClusterMessage message) => message switch
    {
        ModelReport report => Parts(report),
        ModelRoute route => Split(route.Replicas, ClusterMapping.ToWire)
            .Select((page, index) => route with { Replicas = page.Parts, Part = index, HasMore = page.HasMore }),
        NodeReply.Holdings holdings => Split([.. holdings.Models.SelectMany(Parts)], ClusterMapping.ToWire)
            .Select(page => holdings with { Models = page.Parts, HasMore = page.HasMore }),
        NodeReply.ClusterStatus status => Split<object>(
            [.. status.Members, .. status.Models],
            part => part is MemberInfo member ? ClusterMapping.ToWire(member) : ClusterMapping.ToWire((ModelStatus)part))
            .Select(page => status with
            {
                Members = [.. page.Parts.OfType<MemberInfo>()],
                Models = [.. page.Parts.OfType<ModelStatus>()],
                HasMore = page.HasMore,
            }),
        NodeReply.StoreStatus { Statistics: var store } status => Split(store.Holders, WireMapping.ToWire)
            .Select(page => status with { Statistics = store with { Holders = page.Parts }, HasMore = page.HasMore }),
        NodeReply.Removed removed => Split(removed.Names, name => new Generated.Removed { Names = { name.ToString() } })
            .Select(page => removed with { Names = page.Parts, HasMore = page.HasMore }),
        _ => [message],
    };

    private IEnumerable<ModelReport> Parts(ModelReport report) => Split(report.Versions, ClusterMapping.ToWire)
        .Select((page, index) => report with { Versions = page.Parts, Part = index, HasMore = page.HasMore });

    private IEnumerable<(ImmutableArray<T> Parts, bool HasMore)> Split<T>(ImmutableArray<T> parts, Func<T, IMessage> toWire)
    {
        var (from, bytes) = (0, 0L);
        for (var index = 0; index < parts.Length; index++)
        {
            var size = toWire(parts[index]).CalculateSize();
            if (bytes + size > _bytes && index > from)
            {
                yield return (parts[from..index], true);
                (from, bytes) = (index, 0);
            }

            bytes += size;
        }

        yield return (parts[from..], false);
    }
}
