using Akka.Actor;
using Google.Protobuf;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Wire;

/// <summary>Writes the messages between nodes as Protocol Buffers.</summary>
public sealed class ClusterSerializer(ExtendedActorSystem system) : ProtobufSerializer(system)
{
    /// <summary>The serializer's number in an actor system, the same on every node.</summary>
    public override int Identifier => 4712;

    /// <summary>Binds our messages to it in an actor system.</summary>
    internal static void Register(ExtendedActorSystem system)
    {
        var serializer = new ClusterSerializer(system);
        system.Serialization.AddSerializer("zerocopy-cluster", serializer);
        system.Serialization.AddSerializationMap(typeof(IClusterMessage), serializer);
    }

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        NodeReport => "n",
        ModelReport => "r",
        ModelRoute => "t",
        EntityRequest.Follow => "ef",
        EntityRequest.Unfollow => "eu",
        EntityRequest.Place => "ep",
        EntityRequest.RollOut => "eo",
        EntityRequest.RollBack => "eb",
        EntityReply.Placed => "rp",
        EntityReply.Decided => "rd",
        EntityReply.Failed => "rf",
        NodeOrder.Report => "or",
        NodeOrder.Open => "oo",
        NodeOrder.Close => "oc",
        NodeOrder.Keep => "ok",
        NodeQuery.Holdings => "qh",
        NodeQuery.ClusterStatus => "qc",
        NodeQuery.Locate => "ql",
        NodeQuery.Receive => "qr",
        NodeQuery.Remove => "qx",
        NodeReply.Holdings => "ah",
        NodeReply.ClusterStatus => "ac",
        NodeReply.Located => "al",
        NodeReply.Opened => "ao",
        NodeReply.Opening => "ag",
        NodeReply.Removed => "ax",
        NodeReply.Failed => "af",
        _ => throw Unknown(o),
    };

    /// <inheritdoc/>
    protected override IMessage ToWire(object message) => message switch
    {
        NodeReport m => ClusterMapping.ToWire(m),
        ModelReport m => ClusterMapping.ToWire(m),
        ModelRoute m => ClusterMapping.ToWire(m),
        EntityRequest.Follow or EntityRequest.Unfollow => new Generated.Ask { Name = ((EntityRequest)message).Name },
        EntityRequest.Place m => new Generated.Ask
        {
            Name = m.Name,
            Version = EndpointMapping.ToWire(m.Version),
            Tried = { ClusterMapping.ToWire(m.Tried) },
            Id = m.Id,
        },
        EntityRequest.RollOut m => new Generated.Ask { Name = m.Name, Version = m.Version, Percent = m.Percent, Id = m.Id },
        EntityRequest.RollBack m => new Generated.Ask { Name = m.Name, Id = m.Id },
        EntityReply.Placed m => new Generated.Placed { Node = m.Node.ToString(), Version = EndpointMapping.ToWire(m.Version), Id = m.Id },
        EntityReply.Decided m => new Generated.Decided { Version = EndpointMapping.ToWire(m.Version), Percent = m.Percent, Id = m.Id },
        EntityReply.Failed m => new Generated.Failure { Kind = (int)m.Failure, Message = m.Message, Id = m.Id },
        NodeOrder.Report m => new Generated.Order { Name = m.Name },
        NodeOrder.Open m => new Generated.Order
        {
            Name = m.Name.ToString(),
            Model = ClusterMapping.ToWire(m.Model),
            Sources = { m.Sources.Select(source => source.ToString()) },
            Warm = m.Warm,
            Id = m.Id,
        },
        NodeOrder.Close m => new Generated.Order { Name = m.Name.ToString() },
        NodeOrder.Keep m => new Generated.Order { Name = m.Name, Rollout = ClusterMapping.ToWire(m.Rollout) },
        NodeQuery.Holdings m => new Generated.Order { Id = m.Id, AsContact = m.AsContact },
        NodeQuery.ClusterStatus m => new Generated.Order { Id = m.Id },
        NodeQuery.Locate m => new Generated.Order { Name = m.Name.ToString(), Id = m.Id },
        NodeQuery.Receive m => new Generated.Order
        {
            Name = m.Name.ToString(),
            Model = ClusterMapping.ToWire(m.Model),
            Sources = { m.Sources.Select(source => source.ToString()) },
            Store = m.Store,
            Id = m.Id,
        },
        NodeQuery.Remove m => new Generated.Order { Name = m.Name.ToString(), Everywhere = m.Everywhere, Id = m.Id },
        NodeReply.Holdings m => new Generated.Holdings
        {
            Node = ClusterMapping.ToWire(m.Node),
            Models = { m.Models.Select(ClusterMapping.ToWire) },
            Id = m.Id,
            HasMore = m.HasMore,
        },
        NodeReply.ClusterStatus m => new Generated.Status
        {
            Members = { m.Members.Select(ClusterMapping.ToWire) },
            Models = { m.Models.Select(ClusterMapping.ToWire) },
            Id = m.Id,
            HasMore = m.HasMore,
        },
        NodeReply.Located m => new Generated.Located
        {
            Model = ClusterMapping.ToWire(m.Model.Id),
            Bytes = m.Model.Bytes,
            Name = m.Model.Name?.ToString() ?? "",
            Sources = { m.Sources.Select(source => source.ToString()) },
            Stores = { m.Stores },
            Id = m.Id,
        },
        NodeReply.Opened m => new Generated.Opened
        {
            Model = ClusterMapping.ToWire(m.Model.Id),
            Bytes = m.Model.Bytes,
            Name = m.Model.Name?.ToString() ?? "",
            MovedBytes = m.MovedBytes,
            Id = m.Id,
        },
        NodeReply.Opening m => new Generated.Opened { Id = m.Id },
        NodeReply.Removed m => new Generated.Removed { Names = { m.Names.Select(name => name.ToString()) }, Id = m.Id },
        NodeReply.Failed m => new Generated.Failure { Kind = (int)m.Failure, Message = m.Message, Id = m.Id },
        _ => throw Unknown(message),
    };

    /// <inheritdoc/>
    protected override object? Read(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case "n":
                return ClusterMapping.Node(Generated.Node.Parser.ParseFrom(bytes));
            case "r":
                return ClusterMapping.Report(Generated.Report.Parser.ParseFrom(bytes));
            case "t":
                return ClusterMapping.Route(Generated.Route.Parser.ParseFrom(bytes));
            case "ef" or "eu" or "ep" or "eo" or "eb":
                return Ask(Generated.Ask.Parser.ParseFrom(bytes), manifest);
            case "rp":
                var placed = Generated.Placed.Parser.ParseFrom(bytes);
                return new EntityReply.Placed(ClusterMapping.Address(placed.Node), EndpointMapping.Version(placed.Version), placed.Id);
            case "rd":
                var decided = Generated.Decided.Parser.ParseFrom(bytes);
                return new EntityReply.Decided(EndpointMapping.Version(decided.Version), decided.Percent, decided.Id);
            case "rf":
                var refused = Generated.Failure.Parser.ParseFrom(bytes);
                return new EntityReply.Failed(WireMapping.Known<InferenceFailure>(refused.Kind), refused.Message, refused.Id);
            case "or" or "oo" or "oc" or "ok" or "qh" or "qc" or "ql" or "qr" or "qx":
                return Order(Generated.Order.Parser.ParseFrom(bytes), manifest);
            case "ah":
                var holdings = Generated.Holdings.Parser.ParseFrom(bytes);
                return new NodeReply.Holdings(
                    ClusterMapping.Node(holdings.Node ?? new Generated.Node()),
                    [.. holdings.Models.Select(ClusterMapping.Report)],
                    holdings.Id,
                    holdings.HasMore);
            case "ac":
                var status = Generated.Status.Parser.ParseFrom(bytes);
                return new NodeReply.ClusterStatus(
                    [.. status.Members.Select(ClusterMapping.Member)],
                    [.. status.Models.Select(ClusterMapping.Model)],
                    status.Id,
                    status.HasMore);
            case "al":
                var located = Generated.Located.Parser.ParseFrom(bytes);
                return new NodeReply.Located(
                    Handle(located.Model, located.Bytes, located.Name),
                    ClusterMapping.Uris(located.Sources),
                    [.. located.Stores],
                    located.Id);
            case "ao":
                var opened = Generated.Opened.Parser.ParseFrom(bytes);
                return new NodeReply.Opened(Handle(opened.Model, opened.Bytes, opened.Name), opened.MovedBytes, opened.Id);
            case "ag":
                return new NodeReply.Opening(Generated.Opened.Parser.ParseFrom(bytes).Id);
            case "ax":
                var removed = Generated.Removed.Parser.ParseFrom(bytes);
                return new NodeReply.Removed([.. removed.Names.Select(ModelName.Parse)], removed.Id);
            case "af":
                var failed = Generated.Failure.Parser.ParseFrom(bytes);
                return new NodeReply.Failed(WireMapping.Known<InferenceFailure>(failed.Kind), failed.Message, failed.Id);
            default:
                return null;
        }
    }

    private static EntityRequest Ask(Generated.Ask wire, string manifest) => manifest switch
    {
        "ef" => new EntityRequest.Follow(wire.Name),
        "eu" => new EntityRequest.Unfollow(wire.Name),
        "ep" => new EntityRequest.Place(
            wire.Name, EndpointMapping.WantedVersion(wire.Version), ClusterMapping.Addresses(wire.Tried), wire.Id),
        "eo" => new EntityRequest.RollOut(wire.Name, wire.Version, wire.Percent, wire.Id),
        _ => new EntityRequest.RollBack(wire.Name, wire.Id),
    };

    private static object Order(Generated.Order wire, string manifest) => manifest switch
    {
        "or" => new NodeOrder.Report(wire.Name),
        "oo" => new NodeOrder.Open(
            ModelName.Parse(wire.Name), WireMapping.Id(wire.Model), ClusterMapping.Uris(wire.Sources), wire.Warm, wire.Id),
        "oc" => new NodeOrder.Close(ModelName.Parse(wire.Name)),
        "ok" => new NodeOrder.Keep(wire.Name, ClusterMapping.Rollout(wire.Rollout)),
        "qh" => new NodeQuery.Holdings(wire.Id, wire.AsContact),
        "qc" => new NodeQuery.ClusterStatus(wire.Id),
        "ql" => new NodeQuery.Locate(ModelName.Parse(wire.Name), wire.Id),
        "qr" => new NodeQuery.Receive(
            ModelName.Parse(wire.Name), WireMapping.Id(wire.Model), ClusterMapping.Uris(wire.Sources), wire.Store, wire.Id),
        _ => new NodeQuery.Remove(ModelName.Parse(wire.Name), wire.Everywhere, wire.Id),
    };

    private static ModelHandle Handle(ByteString id, long bytes, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new ModelHandle(WireMapping.Id(id), bytes, name.Length == 0 ? null : ModelName.Parse(name));
    }
}
