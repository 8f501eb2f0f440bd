using System.Collections.Immutable;
using Akka.Actor;
using Google.Protobuf;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Wire;

/// <summary>
/// Between our types and the generated ones. What comes from the wire is checked here; errors are those of the types themselves.
/// </summary>
internal static class ClusterMapping
{
    public static Generated.Node ToWire(NodeReport node) => new()
    {
        Address = node.Info.Address.ToString(),
        Store = node.Info.Store,
        Transfer = node.Info.Transfer.ToString(),
        Http = ToWire(node.Info.Http),
        Grpc = ToWire(node.Info.Grpc),
        ModelTypes = { node.Info.ModelTypes },
        Pending = node.Load.Pending,
        FreeBytes = node.Load.FreeBytes,
        IsLeaving = node.Load.IsLeaving,
        ReceiveRate = node.Load.ReceiveRate,
        LoadRate = node.Load.LoadRate,
    };

    public static NodeReport Node(Generated.Node wire) => new(
        new NodeInfo(
            Address(wire.Address), wire.Store, Uri(wire.Transfer)!, Uri(wire.Http), Uri(wire.Grpc), [.. wire.ModelTypes]),
        new NodeLoad(wire.Pending, wire.FreeBytes, wire.IsLeaving, Rate(wire.ReceiveRate), Rate(wire.LoadRate)));

    public static Generated.Report ToWire(ModelReport report) => new()
    {
        Name = report.Name,
        Node = report.Node.ToString(),
        Versions = { report.Versions.Select(ToWire) },
        Rollout = report.Rollout is { } rollout ? ToWire(rollout) : null,
        Part = report.Part,
        HasMore = report.HasMore,
    };

    public static ModelReport Report(Generated.Report wire) => new(
        wire.Name, Address(wire.Node), [.. wire.Versions.Select(Held)], wire.Rollout is { } rollout ? Rollout(rollout) : null, wire.Part,
        wire.HasMore);

    public static Generated.Rollout ToWire(Rollout rollout) => new()
    {
        Version = EndpointMapping.ToWire(rollout.Version),
        Percent = rollout.Percent,
        Before = EndpointMapping.ToWire(rollout.Before),
        Epoch = rollout.Epoch,
    };

    public static Rollout Rollout(Generated.Rollout? wire) => wire is null
        ? throw new FormatException("There is no roll-out.")
        : new Rollout(EndpointMapping.Version(wire.Version), wire.Percent, EndpointMapping.Version(wire.Before), wire.Epoch);

    public static Generated.Route ToWire(ModelRoute route) => new()
    {
        Name = route.Name,
        Current = EndpointMapping.ToWire(route.Current),
        Next = EndpointMapping.ToWire(route.Next),
        Percent = route.Percent,
        Replicas = { route.Replicas.Select(ToWire) },
        Problem = WireMapping.Reason(route.Problem),
        Part = route.Part,
        HasMore = route.HasMore,
    };

    public static ModelRoute Route(Generated.Route wire) => new(
        wire.Name, EndpointMapping.Version(wire.Current), EndpointMapping.Version(wire.Next), wire.Percent,
        [.. wire.Replicas.Select(Replica)], Text(wire.Problem), wire.Part, wire.HasMore);

    public static ByteString ToWire(StoreStatistics statistics) => WireMapping.ToWire(statistics).ToByteString();

    public static StoreStatistics Statistics(ByteString wire) =>
        WireMapping.Statistics(Actors.Wire.Generated.Statistics.Parser.ParseFrom(wire));

    public static Generated.Member ToWire(MemberInfo member) => new()
    {
        Address = member.Address.ToString(),
        Status = member.Status,
        Roles = { member.Roles },
        Node = member.Node is { } node ? ToWire(node) : null,
    };

    public static MemberInfo Member(Generated.Member wire) => new(
        Address(wire.Address), wire.Status, [.. wire.Roles], wire.Node is { } node ? Node(node) : null);

    public static Generated.Model ToWire(ModelStatus model) => new()
    {
        Name = model.Name,
        Version = EndpointMapping.ToWire(model.Version),
        Model_ = ToWire(model.Model),
        IsCurrent = model.IsCurrent,
        Bytes = model.Bytes,
        Holders = { ToWire(model.Holders) },
        Replicas = { ToWire(model.Replicas) },
        Problem = WireMapping.Reason(model.Problem),
        Percent = model.Percent,
    };

    public static ModelStatus Model(Generated.Model wire) => new(
        wire.Name, EndpointMapping.Version(wire.Version), Id(wire.Model_), wire.IsCurrent, wire.Bytes,
        Addresses(wire.Holders), Addresses(wire.Replicas), Text(wire.Problem), wire.Percent);

    public static ByteString ToWire(ModelId? id) => id is { } given ? WireMapping.ToWire(given) : ByteString.Empty;

    public static ModelId? Id(ByteString wire) => wire.IsEmpty ? null : WireMapping.Id(wire);

    public static IEnumerable<string> ToWire(ImmutableArray<Address> addresses) => addresses.Select(address => address.ToString());

    public static ImmutableArray<Address> Addresses(IEnumerable<string> wire) => [.. wire.Select(Address)];

    public static Address Address(string wire) => Akka.Actor.Address.Parse(wire);

    public static ImmutableArray<Uri> Uris(IEnumerable<string> wire) => [.. wire.Select(uri => new Uri(uri, UriKind.Absolute))];

    public static Generated.Held ToWire(HeldVersion held) => new()
    {
        Version = EndpointMapping.ToWire(held.Version),
        Model = ToWire(held.Model),
        Bytes = held.Bytes,
        ModelType = held.ModelType ?? "",
        CanBuild = held.CanBuild,
        State = (int)held.State,
        ReadyActors = held.ReadyActors,
        Pending = held.Pending,
        LastError = WireMapping.Reason(held.LastError),
    };

    private static HeldVersion Held(Generated.Held wire) => new(
        EndpointMapping.Version(wire.Version), Id(wire.Model), wire.Bytes, Text(wire.ModelType), wire.CanBuild,
        WireMapping.Known<EndpointState>(wire.State), wire.ReadyActors, wire.Pending, Text(wire.LastError));

    public static Generated.Replica ToWire(Replica replica) => new()
    {
        Node = replica.Node.ToString(),
        Version = EndpointMapping.ToWire(replica.Version),
        State = (int)replica.State,
        ReadyActors = replica.ReadyActors,
        Pending = replica.Pending,
        Model = ToWire(replica.Model),
        LastError = WireMapping.Reason(replica.LastError),
    };

    private static Replica Replica(Generated.Replica wire) => new(
        Address(wire.Node), EndpointMapping.Version(wire.Version), WireMapping.Known<EndpointState>(wire.State),
        wire.ReadyActors, wire.Pending, Id(wire.Model), Text(wire.LastError));

    // Whatever else it is would make a node the best or the worst of all.
    private static double Rate(double wire) => double.IsFinite(wire) && wire > 0 ? wire : 0;

    private static string ToWire(Uri? uri) => uri?.ToString() ?? "";

    private static Uri? Uri(string wire) => wire.Length == 0 ? null : new Uri(wire, UriKind.Absolute);

    private static string? Text(string wire) => wire.Length == 0 ? null : wire;
}
