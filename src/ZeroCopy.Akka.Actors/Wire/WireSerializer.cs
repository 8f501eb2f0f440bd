using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Wire;

/// <summary>Writes every <see cref="IWireMessage"/> as Protocol Buffers.</summary>
public sealed class WireSerializer(ExtendedActorSystem system) : ProtobufSerializer(system, Messages(system))
{
    /// <summary>The serializer's number in an actor system, the same on every node.</summary>
    public override int Identifier => 4711;

    /// <summary>Binds our messages to it in an actor system whose configuration was read without <c>reference.conf</c>.</summary>
    internal static void Register(ActorSystem system) => SerializerBinding.Add(system, "zerocopy", ZeroCopySettings.Reference);

    private static MessageTable Messages(ExtendedActorSystem system) => new MessageTable()
        .Add(
            "p",
            (PredictRequest m) => new Generated.Predict
            {
                Pool = m.Pool,
                Method = m.Method,
                Inputs = { WireMapping.ToWire(m.Inputs.IsDefault ? [] : m.Inputs) },
                DeadlineMs = WireMapping.ToWire(m.Deadline),
                HashKey = m.HashKey,
                Id = m.Id,
                Version = EndpointMapping.ToWire(m.Version),
                TraceParent = m.TraceParent,
                Direct = m.Direct,
                TakesParts = m.TakesParts,
            },
            Request)
        .Add("pc", (PredictCancel m) => new Generated.Cancel { Id = m.Id }, wire => new PredictCancel(wire.Id))
        .Add(
            "mp",
            (MessagePart m) => new Generated.Part
            {
                Id = m.Id,
                Offset = m.Offset,
                Total = m.Total,
                Manifest = m.Manifest,
                Data = UnsafeByteOperations.UnsafeWrap(m.Data),
                WantsReceipt = m.WantsReceipt,
            },
            Part)
        .Add(
            "mr",
            (PartReceived m) => new Generated.PartReceipt { Id = m.Id, Offset = m.Offset },
            wire => new PartReceived(wire.Id, wire.Offset))
        .Add(
            "pa",
            (PredictReply.Answered m) => new Generated.Prediction
            {
                Outputs = { WireMapping.ToWire(m.Outputs) },
                Id = m.Id,
                QueueUs = (long)m.Times.Queue.TotalMicroseconds,
                ComputeUs = (long)m.Times.Compute.TotalMicroseconds,
                Joined = m.Times.Joined,
                Version = m.Version ?? 0,
            },
            wire => new PredictReply.Answered(WireMapping.Tensors(wire.Outputs), wire.Id)
            {
                Times = new CallTimes(TimeSpan.FromMicroseconds(wire.QueueUs), TimeSpan.FromMicroseconds(wire.ComputeUs))
                {
                    Joined = wire.Joined,
                },
                Version = wire.Version == 0 ? null : wire.Version,
            })
        .Add(
            "pf",
            (PredictReply.Failed m) => new Generated.Failure
            {
                Kind = (int)m.Failure,
                Message = WireMapping.Reason(m.Message),
                Id = m.Id,
                CausedByInput = m.CausedByInput,
                NeverRan = m.NeverRan,
            },
            wire => new PredictReply.Failed(WireMapping.Known<InferenceFailure>(wire.Kind), wire.Message, wire.Id)
            {
                CausedByInput = wire.CausedByInput,
                NeverRan = wire.NeverRan,
            })
        .Add(
            "el",
            (EndpointRequest.List m) => new Generated.EndpointQuery { Id = m.Id, TakesParts = m.TakesParts },
            wire => new EndpointRequest.List(wire.Id, wire.TakesParts))
        .Add(
            "ed",
            (EndpointRequest.Describe m) => new Generated.EndpointQuery
            {
                Name = m.Name,
                Version = EndpointMapping.ToWire(m.Version),
                Id = m.Id,
                Direct = m.Direct,
                TakesParts = m.TakesParts,
            },
            wire => new EndpointRequest.Describe(
                wire.Name, EndpointMapping.WantedVersion(wire.Version), wire.Id, wire.Direct, wire.TakesParts))
        .Add(
            "ell",
            (EndpointReply.Listed m) => new Generated.EndpointList
            {
                Endpoints = { m.Endpoints.Select(EndpointMapping.ToWire) },
                Id = m.Id,
            },
            wire => new EndpointReply.Listed([.. wire.Endpoints.Select(EndpointMapping.Endpoint)], wire.Id))
        .Add(
            "edd",
            (EndpointReply.Described m) => new Generated.EndpointDescription
            {
                Endpoint = EndpointMapping.ToWire(m.Endpoint),
                Methods = { EndpointMapping.ToWire(m.Signature) },
                DefaultMethod = m.Signature.Default,
                Id = m.Id,
            },
            wire => new EndpointReply.Described(EndpointMapping.Endpoint(wire.Endpoint), EndpointMapping.Signature(wire), wire.Id))
        .Add(
            "sa",
            (StoreRequest.Acquire m) => new Generated.LeaseRequest
            {
                Id = WireMapping.ToWire(m.Model),
                Holder = Serialization.SerializedActorPath(m.Holder),
            },
            wire => new StoreRequest.Acquire(WireMapping.Id(wire.Id), Holder(system, wire)))
        .Add(
            "san",
            (StoreRequest.AcquireNamed m) => new Generated.LeaseRequest
            {
                Name = m.Name.ToString(),
                Holder = Serialization.SerializedActorPath(m.Holder),
            },
            wire => new StoreRequest.AcquireNamed(ModelName.Parse(wire.Name), Holder(system, wire)))
        .Add("sx", (StoreRequest.Release m) => new Generated.Lease { Id = m.LeaseId }, wire => new StoreRequest.Release(wire.Id))
        .Add(
            "sp",
            (StoreRequest.Pin m) => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model), Pinned = m.Pinned },
            wire => new StoreRequest.Pin(WireMapping.Id(wire.Id), wire.Pinned))
        .Add(
            "sn",
            (StoreRequest.SetName m) => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model), Name = m.Name.ToString() },
            wire => new StoreRequest.SetName(ModelName.Parse(wire.Name), WireMapping.Id(wire.Id)))
        .Add(
            "sr",
            (StoreRequest.Resolve m) => new Generated.ModelRequest { Name = m.Name.ToString() },
            wire => new StoreRequest.Resolve(ModelName.Parse(wire.Name)))
        .Add(
            "sdn",
            (StoreRequest.RemoveName m) => new Generated.ModelRequest { Name = m.Name.ToString() },
            wire => new StoreRequest.RemoveName(ModelName.Parse(wire.Name)))
        .Add(
            "sdm",
            (StoreRequest.RemoveModel m) => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model) },
            wire => new StoreRequest.RemoveModel(WireMapping.Id(wire.Id)))
        .Add("sl", (StoreRequest.List _) => new Generated.Empty(), _ => StoreRequest.List.Instance)
        .Add("ss", (StoreRequest.Stat _) => new Generated.Empty(), _ => StoreRequest.Stat.Instance)
        .Add("rd", (StoreReply.Done _) => new Generated.Empty(), _ => StoreReply.Done.Instance)
        .Add("rf", (StoreReply.Found m) => WireMapping.ToWire(m.Model), wire => new StoreReply.Found(WireMapping.Handle(wire)))
        .Add(
            "rn",
            (StoreReply.Named m) => new Generated.ModelRequest { Name = m.Name.ToString() },
            wire => new StoreReply.Named(ModelName.Parse(wire.Name)))
        .Add(
            "ra",
            (StoreReply.Leased m) => new Generated.Lease { Id = m.LeaseId, Model = WireMapping.ToWire(m.Model) },
            wire => new StoreReply.Leased(wire.Id, WireMapping.Handle(wire.Model ?? new Generated.Handle())))
        .Add(
            "rl",
            (StoreReply.Listed m) => new Generated.InfoList { Models = { m.Models.Select(WireMapping.ToWire) } },
            wire => new StoreReply.Listed([.. wire.Models.Select(WireMapping.Info)]))
        .Add(
            "rc",
            (StoreReply.Counted m) => WireMapping.ToWire(m.Statistics),
            wire => new StoreReply.Counted(WireMapping.Statistics(wire)))
        .Add(
            "rx",
            (StoreReply.Failed m) => new Generated.Failure { Kind = (int)m.Failure, Message = WireMapping.Reason(m.Message) },
            wire => new StoreReply.Failed(WireMapping.Known<StoreFailure>(wire.Kind), wire.Message));

    private static PredictRequest Request(Generated.Predict wire)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(wire.DeadlineMs);
        return new PredictRequest(
            wire.Pool,
            wire.Method,
            WireMapping.Tensors(wire.Inputs),
            WireMapping.Deadline(wire.DeadlineMs),
            wire.HashKey,
            wire.Id,
            EndpointMapping.WantedVersion(wire.Version),
            wire.TraceParent,
            wire.Direct,
            wire.TakesParts);
    }

    private static MessagePart Part(Generated.Part wire)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(wire.Offset);
        return wire.Data.IsEmpty || wire.Data.Length > wire.Total - wire.Offset
            ? throw new FormatException($"{wire.Data.Length} bytes from {wire.Offset} are no part of {wire.Total}.")
            : new MessagePart(wire.Id, wire.Offset, wire.Total, wire.Manifest, wire.Data.Memory, wire.WantsReceipt);
    }

    // A path that leads nowhere is an actor that is gone, whose leases end at once.
    private static IActorRef Holder(ExtendedActorSystem system, Generated.LeaseRequest wire) => ActorPath.TryParse(wire.Holder, out _)
        ? system.Provider.ResolveActorRef(wire.Holder)
        : throw new FormatException($"'{wire.Holder}' is no actor.");
}
