using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Wire;

/// <summary>Writes the messages between nodes as Protocol Buffers.</summary>
public sealed class ClusterSerializer(ExtendedActorSystem system) : ProtobufSerializer(system, Messages)
{
    private static readonly MessageTable Messages = new MessageTable()
        .Add("n", (NodeReport m) => ClusterMapping.ToWire(m), ClusterMapping.Node)
        .Add("r", (ModelReport m) => ClusterMapping.ToWire(m), ClusterMapping.Report)
        .Add("t", (ModelRoute m) => ClusterMapping.ToWire(m), ClusterMapping.Route)
        .Add("ef", (EntityRequest.Follow m) => new Generated.Ask { Name = m.Name }, wire => new EntityRequest.Follow(wire.Name))
        .Add("eu", (EntityRequest.Unfollow m) => new Generated.Ask { Name = m.Name }, wire => new EntityRequest.Unfollow(wire.Name))
        .Add(
            "ep",
            (EntityRequest.Place m) => new Generated.Ask
            {
                Name = m.Name,
                Version = EndpointMapping.ToWire(m.Version),
                Tried = { ClusterMapping.ToWire(m.Tried) },
                Id = m.Id,
            },
            wire => new EntityRequest.Place(
                wire.Name, EndpointMapping.WantedVersion(wire.Version), ClusterMapping.Addresses(wire.Tried), wire.Id))
        .Add(
            "eo",
            (EntityRequest.RollOut m) => new Generated.Ask { Name = m.Name, Version = m.Version, Percent = m.Percent, Id = m.Id },
            wire => new EntityRequest.RollOut(wire.Name, wire.Version, wire.Percent, wire.Id))
        .Add(
            "eb",
            (EntityRequest.RollBack m) => new Generated.Ask { Name = m.Name, Id = m.Id },
            wire => new EntityRequest.RollBack(wire.Name, wire.Id))
        .Add(
            "rp",
            (EntityReply.Placed m) => new Generated.Placed
            {
                Node = m.Node.ToString(),
                Version = EndpointMapping.ToWire(m.Version),
                Id = m.Id,
            },
            wire => new EntityReply.Placed(ClusterMapping.Address(wire.Node), EndpointMapping.Version(wire.Version), wire.Id))
        .Add(
            "rd",
            (EntityReply.Decided m) => new Generated.Decided
            {
                Version = EndpointMapping.ToWire(m.Version),
                Percent = m.Percent,
                Id = m.Id,
            },
            wire => new EntityReply.Decided(EndpointMapping.Version(wire.Version), wire.Percent, wire.Id))
        .Add(
            "rf",
            (EntityReply.Failed m) => new Generated.Failure { Kind = (int)m.Failure, Message = WireMapping.Reason(m.Message), Id = m.Id },
            wire => new EntityReply.Failed(WireMapping.Known<InferenceFailure>(wire.Kind), wire.Message, wire.Id))
        .Add("or", (NodeOrder.Report m) => new Generated.Order { Name = m.Name }, wire => new NodeOrder.Report(wire.Name))
        .Add(
            "oo",
            (NodeOrder.Open m) => new Generated.Order
            {
                Name = m.Name.ToString(),
                Model = ClusterMapping.ToWire(m.Model),
                Sources = { m.Sources.Select(source => source.ToString()) },
                Warm = m.Warm,
                Id = m.Id,
            },
            wire => new NodeOrder.Open(
                ModelName.Parse(wire.Name), WireMapping.Id(wire.Model), ClusterMapping.Uris(wire.Sources), wire.Warm, wire.Id))
        .Add(
            "oc",
            (NodeOrder.Close m) => new Generated.Order { Name = m.Name.ToString() },
            wire => new NodeOrder.Close(ModelName.Parse(wire.Name)))
        .Add(
            "ok",
            (NodeOrder.Keep m) => new Generated.Order { Name = m.Name, Rollout = ClusterMapping.ToWire(m.Rollout) },
            wire => new NodeOrder.Keep(wire.Name, ClusterMapping.Rollout(wire.Rollout)))
        .Add(
            "qh",
            (NodeQuery.Holdings m) => new Generated.Order { Id = m.Id, AsContact = m.AsContact },
            wire => new NodeQuery.Holdings(wire.Id, wire.AsContact))
        .Add("qc", (NodeQuery.ClusterStatus m) => new Generated.Order { Id = m.Id }, wire => new NodeQuery.ClusterStatus(wire.Id))
        .Add("qs", (NodeQuery.StoreStatus m) => new Generated.Order { Id = m.Id }, wire => new NodeQuery.StoreStatus(wire.Id))
        .Add(
            "ql",
            (NodeQuery.Locate m) => new Generated.Order { Name = m.Name.ToString(), Id = m.Id },
            wire => new NodeQuery.Locate(ModelName.Parse(wire.Name), wire.Id))
        .Add(
            "qr",
            (NodeQuery.Receive m) => new Generated.Order
            {
                Name = m.Name.ToString(),
                Model = ClusterMapping.ToWire(m.Model),
                Sources = { m.Sources.Select(source => source.ToString()) },
                Store = m.Store,
                Id = m.Id,
            },
            wire => new NodeQuery.Receive(
                ModelName.Parse(wire.Name), WireMapping.Id(wire.Model), ClusterMapping.Uris(wire.Sources), wire.Store, wire.Id))
        .Add(
            "qx",
            (NodeQuery.Remove m) => new Generated.Order { Name = m.Name.ToString(), Everywhere = m.Everywhere, Id = m.Id },
            wire => new NodeQuery.Remove(ModelName.Parse(wire.Name), wire.Everywhere, wire.Id))
        .Add(
            "ah",
            (NodeReply.Holdings m) => new Generated.Holdings
            {
                Node = ClusterMapping.ToWire(m.Node),
                Models = { m.Models.Select(ClusterMapping.ToWire) },
                Id = m.Id,
                HasMore = m.HasMore,
            },
            wire => new NodeReply.Holdings(
                ClusterMapping.Node(wire.Node ?? new Generated.Node()),
                [.. wire.Models.Select(ClusterMapping.Report)],
                wire.Id,
                wire.HasMore))
        .Add(
            "ac",
            (NodeReply.ClusterStatus m) => new Generated.Status
            {
                Members = { m.Members.Select(ClusterMapping.ToWire) },
                Models = { m.Models.Select(ClusterMapping.ToWire) },
                Id = m.Id,
                HasMore = m.HasMore,
            },
            wire => new NodeReply.ClusterStatus(
                [.. wire.Members.Select(ClusterMapping.Member)],
                [.. wire.Models.Select(ClusterMapping.Model)],
                wire.Id,
                wire.HasMore))
        .Add(
            "as",
            (NodeReply.StoreStatus m) => new Generated.StoreStatus
            {
                Statistics = ClusterMapping.ToWire(m.Statistics),
                Id = m.Id,
                HasMore = m.HasMore,
            },
            wire => new NodeReply.StoreStatus(ClusterMapping.Statistics(wire.Statistics), wire.Id, wire.HasMore))
        .Add(
            "al",
            (NodeReply.Located m) => new Generated.Located
            {
                Model = ClusterMapping.ToWire(m.Model.Id),
                Bytes = m.Model.Bytes,
                Name = WireMapping.ToWire(m.Model.Name),
                Sources = { m.Sources.Select(source => source.ToString()) },
                Stores = { m.Stores },
                Id = m.Id,
            },
            wire => new NodeReply.Located(
                WireMapping.Handle(wire.Model, wire.Bytes, wire.Name), ClusterMapping.Uris(wire.Sources), [.. wire.Stores], wire.Id))
        .Add(
            "ao",
            (NodeReply.Opened m) => new Generated.Opened
            {
                Model = ClusterMapping.ToWire(m.Model.Id),
                Bytes = m.Model.Bytes,
                Name = WireMapping.ToWire(m.Model.Name),
                MovedBytes = m.MovedBytes,
                Id = m.Id,
            },
            wire => new NodeReply.Opened(WireMapping.Handle(wire.Model, wire.Bytes, wire.Name), wire.MovedBytes, wire.Id))
        .Add("ag", (NodeReply.Opening m) => new Generated.Opened { Id = m.Id }, wire => new NodeReply.Opening(wire.Id))
        .Add(
            "ax",
            (NodeReply.Removed m) => new Generated.Removed
            {
                Names = { m.Names.Select(name => name.ToString()) },
                Id = m.Id,
                HasMore = m.HasMore,
            },
            wire => new NodeReply.Removed([.. wire.Names.Select(ModelName.Parse)], wire.Id, wire.HasMore))
        .Add(
            "af",
            (NodeReply.Failed m) => new Generated.Failure { Kind = (int)m.Failure, Message = WireMapping.Reason(m.Message), Id = m.Id },
            wire => new NodeReply.Failed(WireMapping.Known<InferenceFailure>(wire.Kind), wire.Message, wire.Id));

    /// <summary>The serializer's number in an actor system, the same on every node.</summary>
    public override int Identifier => 4712;

    /// <summary>Its settings, which bind our messages to it.</summary>
    internal static Config Settings { get; } = ConfigurationFactory.ParseString("""
        akka.actor {
          serializers.zerocopy-cluster = "ZeroCopy.Clustering.Wire.ClusterSerializer, ZeroCopy.Akka.Clustering"
          serialization-bindings {
            "ZeroCopy.Clustering.Protocol.IClusterMessage, ZeroCopy.Akka.Clustering" = zerocopy-cluster
          }
          serialization-identifiers {
            "ZeroCopy.Clustering.Wire.ClusterSerializer, ZeroCopy.Akka.Clustering" = 4712
          }
        }
        """);

    /// <summary>Binds our messages to it in an actor system that was started without these settings.</summary>
    internal static void Register(ActorSystem system) => SerializerBinding.Add(system, "zerocopy-cluster", Settings);
}
