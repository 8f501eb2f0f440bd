using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Wire;

/// <summary>Writes every <see cref="IWireMessage"/> as Protocol Buffers.</summary>
public sealed class WireSerializer(ExtendedActorSystem system) : ProtobufSerializer(system)
{
    /// <summary>The serializer's number in an actor system, the same on every node.</summary>
    public override int Identifier => 4711;

    /// <summary>Binds our messages to it in an actor system whose configuration was read without <c>reference.conf</c>.</summary>
    internal static void Register(ExtendedActorSystem system)
    {
        var serializer = new WireSerializer(system);
        system.Serialization.AddSerializer("zerocopy", serializer);
        system.Serialization.AddSerializationMap(typeof(IWireMessage), serializer);
    }

    /// <summary>Bytes of a message, without those that remoting adds.</summary>
    internal long SizeOf(IWireMessage message) => ToWire(message).CalculateSize();

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        PredictRequest => "p",
        PredictCancel => "pc",
        MessagePart => "mp",
        PartReceived => "mr",
        PredictReply.Answered => "pa",
        PredictReply.Failed => "pf",
        StoreRequest.Acquire => "sa",
        StoreRequest.AcquireNamed => "san",
        StoreRequest.Release => "sx",
        EndpointRequest.List => "el",
        EndpointRequest.Describe => "ed",
        EndpointReply.Listed => "ell",
        EndpointReply.Described => "edd",
        StoreRequest.Pin => "sp",
        StoreRequest.SetName => "sn",
        StoreRequest.Resolve => "sr",
        StoreRequest.RemoveName => "sdn",
        StoreRequest.RemoveModel => "sdm",
        StoreRequest.List => "sl",
        StoreRequest.Stat => "ss",
        StoreReply.Done => "rd",
        StoreReply.Found => "rf",
        StoreReply.Named => "rn",
        StoreReply.Leased => "ra",
        StoreReply.Listed => "rl",
        StoreReply.Counted => "rc",
        StoreReply.Failed => "rx",
        _ => throw Unknown(o),
    };

    /// <inheritdoc/>
    protected override IMessage ToWire(object message) => message switch
    {
        PredictRequest m => new Generated.Predict
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
        PredictCancel m => new Generated.Cancel { Id = m.Id },
        MessagePart m => new Generated.Part
        {
            Id = m.Id,
            Offset = m.Offset,
            Total = m.Total,
            Manifest = m.Manifest,
            Data = UnsafeByteOperations.UnsafeWrap(m.Data),
            WantsReceipt = m.WantsReceipt,
        },
        PartReceived m => new Generated.PartReceipt { Id = m.Id, Offset = m.Offset },
        PredictReply.Answered m => new Generated.Prediction
        {
            Outputs = { WireMapping.ToWire(m.Outputs) },
            Id = m.Id,
            QueueUs = (long)m.Times.Queue.TotalMicroseconds,
            ComputeUs = (long)m.Times.Compute.TotalMicroseconds,
            Joined = m.Times.Joined,
        },
        PredictReply.Failed m => new Generated.Failure
        {
            Kind = (int)m.Failure,
            Message = m.Message,
            Id = m.Id,
            CausedByInput = m.CausedByInput,
        },
        StoreRequest.Acquire m => new Generated.LeaseRequest
        {
            Id = WireMapping.ToWire(m.Model),
            Holder = Serialization.SerializedActorPath(m.Holder),
        },
        StoreRequest.AcquireNamed m => new Generated.LeaseRequest
        {
            Name = m.Name.ToString(),
            Holder = Serialization.SerializedActorPath(m.Holder),
        },
        StoreRequest.Release m => new Generated.Lease { Id = m.LeaseId },
        EndpointRequest.List m => new Generated.EndpointQuery { Id = m.Id, TakesParts = m.TakesParts },
        EndpointRequest.Describe m => new Generated.EndpointQuery
        {
            Name = m.Name,
            Version = EndpointMapping.ToWire(m.Version),
            Id = m.Id,
            Direct = m.Direct,
            TakesParts = m.TakesParts,
        },
        EndpointReply.Listed m => new Generated.EndpointList { Endpoints = { m.Endpoints.Select(EndpointMapping.ToWire) }, Id = m.Id },
        EndpointReply.Described m => new Generated.EndpointDescription
        {
            Endpoint = EndpointMapping.ToWire(m.Endpoint),
            Methods = { EndpointMapping.ToWire(m.Signature) },
            DefaultMethod = m.Signature.Default,
            Id = m.Id,
        },
        StoreRequest.Pin m => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model), Pinned = m.Pinned },
        StoreRequest.SetName m => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model), Name = m.Name.ToString() },
        StoreRequest.Resolve m => new Generated.ModelRequest { Name = m.Name.ToString() },
        StoreRequest.RemoveName m => new Generated.ModelRequest { Name = m.Name.ToString() },
        StoreRequest.RemoveModel m => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model) },
        StoreRequest.List or StoreRequest.Stat or StoreReply.Done => new Generated.Empty(),
        StoreReply.Found m => WireMapping.ToWire(m.Model),
        StoreReply.Named m => new Generated.ModelRequest { Name = m.Name.ToString() },
        StoreReply.Leased m => new Generated.Lease { Id = m.LeaseId, Model = WireMapping.ToWire(m.Model) },
        StoreReply.Listed m => new Generated.InfoList { Models = { m.Models.Select(WireMapping.ToWire) } },
        StoreReply.Counted m => WireMapping.ToWire(m.Statistics),
        StoreReply.Failed m => new Generated.Failure { Kind = (int)m.Failure, Message = m.Message },
        _ => throw Unknown(message),
    };

    /// <inheritdoc/>
    protected override object? Read(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case "p":
                var predict = Generated.Predict.Parser.ParseFrom(bytes);
                ArgumentOutOfRangeException.ThrowIfNegative(predict.DeadlineMs);
                return new PredictRequest(
                    predict.Pool,
                    predict.Method,
                    WireMapping.Tensors(predict.Inputs),
                    WireMapping.Deadline(predict.DeadlineMs),
                    predict.HashKey,
                    predict.Id,
                    EndpointMapping.WantedVersion(predict.Version),
                    predict.TraceParent,
                    predict.Direct,
                    predict.TakesParts);
            case "pc":
                return new PredictCancel(Generated.Cancel.Parser.ParseFrom(bytes).Id);
            case "mp":
                return Part(Generated.Part.Parser.ParseFrom(bytes));
            case "mr":
                var receipt = Generated.PartReceipt.Parser.ParseFrom(bytes);
                return new PartReceived(receipt.Id, receipt.Offset);
            case "pa":
                var prediction = Generated.Prediction.Parser.ParseFrom(bytes);
                return new PredictReply.Answered(WireMapping.Tensors(prediction.Outputs), prediction.Id)
                {
                    Times = new CallTimes(
                        TimeSpan.FromMicroseconds(prediction.QueueUs), TimeSpan.FromMicroseconds(prediction.ComputeUs))
                    {
                        Joined = prediction.Joined,
                    },
                };
            case "pf":
                var refusal = Generated.Failure.Parser.ParseFrom(bytes);
                return new PredictReply.Failed(WireMapping.Known<InferenceFailure>(refusal.Kind), refusal.Message, refusal.Id)
                {
                    CausedByInput = refusal.CausedByInput,
                };
            case "el":
                var all = Generated.EndpointQuery.Parser.ParseFrom(bytes);
                return new EndpointRequest.List(all.Id, all.TakesParts);
            case "ed":
                var query = Generated.EndpointQuery.Parser.ParseFrom(bytes);
                return new EndpointRequest.Describe(
                    query.Name, EndpointMapping.WantedVersion(query.Version), query.Id, query.Direct, query.TakesParts);
            case "ell":
                var endpoints = Generated.EndpointList.Parser.ParseFrom(bytes);
                return new EndpointReply.Listed([.. endpoints.Endpoints.Select(EndpointMapping.Endpoint)], endpoints.Id);
            case "edd":
                var description = Generated.EndpointDescription.Parser.ParseFrom(bytes);
                return new EndpointReply.Described(
                    EndpointMapping.Endpoint(description.Endpoint), EndpointMapping.Signature(description), description.Id);
            case "sa":
                var acquire = Generated.LeaseRequest.Parser.ParseFrom(bytes);
                return new StoreRequest.Acquire(WireMapping.Id(acquire.Id), Holder(acquire));
            case "san":
                var named = Generated.LeaseRequest.Parser.ParseFrom(bytes);
                return new StoreRequest.AcquireNamed(ModelName.Parse(named.Name), Holder(named));
            case "sx":
                return new StoreRequest.Release(Generated.Lease.Parser.ParseFrom(bytes).Id);
            case "sp":
                var pin = Generated.ModelRequest.Parser.ParseFrom(bytes);
                return new StoreRequest.Pin(WireMapping.Id(pin.Id), pin.Pinned);
            case "sn":
                var name = Generated.ModelRequest.Parser.ParseFrom(bytes);
                return new StoreRequest.SetName(ModelName.Parse(name.Name), WireMapping.Id(name.Id));
            case "sr":
                return new StoreRequest.Resolve(ModelName.Parse(Generated.ModelRequest.Parser.ParseFrom(bytes).Name));
            case "sdn":
                return new StoreRequest.RemoveName(ModelName.Parse(Generated.ModelRequest.Parser.ParseFrom(bytes).Name));
            case "sdm":
                return new StoreRequest.RemoveModel(WireMapping.Id(Generated.ModelRequest.Parser.ParseFrom(bytes).Id));
            case "sl":
                return StoreRequest.List.Instance;
            case "ss":
                return StoreRequest.Stat.Instance;
            case "rd":
                return StoreReply.Done.Instance;
            case "rf":
                return new StoreReply.Found(WireMapping.Handle(Generated.Handle.Parser.ParseFrom(bytes)));
            case "rn":
                return new StoreReply.Named(ModelName.Parse(Generated.ModelRequest.Parser.ParseFrom(bytes).Name));
            case "ra":
                var lease = Generated.Lease.Parser.ParseFrom(bytes);
                return new StoreReply.Leased(lease.Id, WireMapping.Handle(lease.Model ?? new Generated.Handle()));
            case "rl":
                return new StoreReply.Listed([.. Generated.InfoList.Parser.ParseFrom(bytes).Models.Select(WireMapping.Info)]);
            case "rc":
                return new StoreReply.Counted(WireMapping.Statistics(Generated.Statistics.Parser.ParseFrom(bytes)));
            case "rx":
                var failure = Generated.Failure.Parser.ParseFrom(bytes);
                return new StoreReply.Failed(WireMapping.Known<StoreFailure>(failure.Kind), failure.Message);
            default:
                return null;
        }
    }

    private static MessagePart Part(Generated.Part wire)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(wire.Offset);
        return wire.Data.IsEmpty || wire.Data.Length > wire.Total - wire.Offset
            ? throw new FormatException($"{wire.Data.Length} bytes from {wire.Offset} are no part of {wire.Total}.")
            : new MessagePart(wire.Id, wire.Offset, wire.Total, wire.Manifest, wire.Data.Memory, wire.WantsReceipt);
    }

    // A path that leads nowhere is an actor that is gone, whose leases end at once.
    private IActorRef Holder(Generated.LeaseRequest wire) => ActorPath.TryParse(wire.Holder, out _)
        ? system.Provider.ResolveActorRef(wire.Holder)
        : throw new FormatException($"'{wire.Holder}' is no actor.");
}
