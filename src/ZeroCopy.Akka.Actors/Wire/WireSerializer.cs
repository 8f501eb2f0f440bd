using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Wire;

/// <summary>
/// Writes every <see cref="IWireMessage"/> as Protocol Buffers under a short manifest that never changes. What it does not know is an error:
/// nothing is resolved by a type's name.
/// </summary>
public sealed class WireSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
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
    internal static long SizeOf(IWireMessage message) => ToWire(message).CalculateSize();

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        ModelReference => "h",
        WrapperReference => "w",
        PredictRequest => "p",
        PredictCancel => "pc",
        PredictReply.Answered => "pa",
        PredictReply.Failed => "pf",
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
        StoreReply.Listed => "rl",
        StoreReply.Counted => "rc",
        StoreReply.Failed => "rx",
        _ => throw Unknown(o),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => ToWire(obj).ToByteArray();

    /// <inheritdoc/>
    /// <exception cref="WireException">The manifest is not ours, or the bytes are not what it says.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return Read(bytes, manifest);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ArgumentException or FormatException or OverflowException)
        {
            throw new WireException($"{bytes.Length} bytes are no message '{manifest}': {e.Message}", e);
        }
    }

    private static IMessage ToWire(object message) => message switch
    {
        ModelReference m => WireMapping.ToWire(m.Model),
        WrapperReference m => new Generated.Wrapper { Version = m.Version, Payload = UnsafeByteOperations.UnsafeWrap(m.Payload) },
        PredictRequest m => new Generated.Predict
        {
            Pool = m.Pool,
            Method = m.Method,
            Inputs = { WireMapping.ToWire(m.Inputs) },
            DeadlineMs = WireMapping.ToWire(m.Deadline),
            HashKey = m.HashKey,
            Id = m.Id,
        },
        PredictCancel m => new Generated.Cancel { Id = m.Id },
        PredictReply.Answered m => new Generated.Prediction { Outputs = { WireMapping.ToWire(m.Outputs) }, Id = m.Id },
        PredictReply.Failed m => new Generated.Failure { Kind = (int)m.Failure, Message = m.Message, Id = m.Id },
        StoreRequest.Pin m => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model), Pinned = m.Pinned },
        StoreRequest.SetName m => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model), Name = m.Name.ToString() },
        StoreRequest.Resolve m => new Generated.ModelRequest { Name = m.Name.ToString() },
        StoreRequest.RemoveName m => new Generated.ModelRequest { Name = m.Name.ToString() },
        StoreRequest.RemoveModel m => new Generated.ModelRequest { Id = WireMapping.ToWire(m.Model) },
        StoreRequest.List or StoreRequest.Stat or StoreReply.Done => new Generated.Empty(),
        StoreReply.Found m => WireMapping.ToWire(m.Model),
        StoreReply.Named m => new Generated.ModelRequest { Name = m.Name.ToString() },
        StoreReply.Listed m => new Generated.InfoList { Models = { m.Models.Select(WireMapping.ToWire) } },
        StoreReply.Counted m => WireMapping.ToWire(m.Statistics),
        StoreReply.Failed m => new Generated.Failure { Kind = (int)m.Failure, Message = m.Message },
        _ => throw Unknown(message),
    };

    private static object Read(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case "h":
                return new ModelReference(WireMapping.Handle(Generated.Handle.Parser.ParseFrom(bytes)));
            case "w":
                var wrapper = Generated.Wrapper.Parser.ParseFrom(bytes);
                return new WrapperReference(wrapper.Version, wrapper.Payload.Memory);
            case "p":
                var predict = Generated.Predict.Parser.ParseFrom(bytes);
                ArgumentOutOfRangeException.ThrowIfNegative(predict.DeadlineMs);
                return new PredictRequest(
                    predict.Pool, predict.Method, WireMapping.Tensors(predict.Inputs), WireMapping.Deadline(predict.DeadlineMs), predict.HashKey, predict.Id);
            case "pc":
                return new PredictCancel(Generated.Cancel.Parser.ParseFrom(bytes).Id);
            case "pa":
                var prediction = Generated.Prediction.Parser.ParseFrom(bytes);
                return new PredictReply.Answered(WireMapping.Tensors(prediction.Outputs), prediction.Id);
            case "pf":
                var refusal = Generated.Failure.Parser.ParseFrom(bytes);
                return new PredictReply.Failed(Known<InferenceFailure>(refusal.Kind), refusal.Message, refusal.Id);
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
            case "rl":
                return new StoreReply.Listed([.. Generated.InfoList.Parser.ParseFrom(bytes).Models.Select(WireMapping.Info)]);
            case "rc":
                return new StoreReply.Counted(WireMapping.Statistics(Generated.Statistics.Parser.ParseFrom(bytes)));
            case "rx":
                var failure = Generated.Failure.Parser.ParseFrom(bytes);
                return new StoreReply.Failed(Known<StoreFailure>(failure.Kind), failure.Message);
            default:
                throw new WireException($"'{manifest}' is not a message of ZeroCopy.Akka; does the other node run a newer version?");
        }
    }

    private static T Known<T>(int value)
        where T : struct, Enum =>
        Enum.IsDefined(typeof(T), value) ? (T)Enum.ToObject(typeof(T), value) : throw new FormatException($"{value} is not a {typeof(T).Name}.");

    private static WireException Unknown(object message) => new($"{message.GetType()} is not a message that ZeroCopy.Akka sends to other processes.");
}
