using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// What crosses the network in one message. Remoting drops what is larger and tells its log alone, so the sender has to know before.
/// Thread-safe.
/// </summary>
internal sealed class FrameLimit(ActorSystem system, RemotingSettings settings)
{
    public const string Setting = "akka.remote.dot-netty.tcp.maximum-frame-size";

    /// <summary>Arrays of that size are not large objects to the collector, which frees those together with all others only.</summary>
    private const int MostPartBytes = 64 << 10;

    // Remoting's envelope without the two paths in it: serializer, manifest, sequence number and acknowledgements; and a part's own fields.
    private const int EnvelopeBytes = 512;

    // What a tensor takes besides its data, its name and its shape.
    private const int TensorBytes = 64;

    private readonly WireSerializer _serializer = new((ExtendedActorSystem)system);

    /// <summary>Null in a system without remoting.</summary>
    private readonly long? _bytes = system.Settings.Config.GetByteSize(Setting, null);

    /// <summary>Makes a message ready to be sent; it is written at once where it is too large for a frame.</summary>
    /// <exception cref="InferenceException">
    /// It is larger than may be sent, or than a frame and <paramref name="inParts"/> says no:
    /// <see cref="InferenceFailure.MessageTooLarge"/>.
    /// </exception>
    public Parcel Pack(ICallMessage message, IActorRef recipient, IActorRef sender, bool inParts)
    {
        if (_bytes is not { } frame || recipient is IActorRefScope { IsLocal: true })
        {
            return new Parcel(message);
        }

        var envelope = Envelope(recipient, sender);
        if (MostSizeOf(message) <= frame - envelope)
        {
            return new Parcel(message);
        }

        // What is written counts its bytes in 32 bits.
        var data = TensorsOf(message).Sum(tensor => (long)tensor.Data.Length);
        var size = data > settings.MaxMessage ? data : _serializer.SizeOf(message);
        if (size <= frame - envelope)
        {
            return new Parcel(message);
        }

        if (!inParts)
        {
            throw new InferenceException(
                InferenceFailure.MessageTooLarge,
                $"A message of {size} bytes is larger than the {frame} that cross the network at once ({Setting}), and who asked takes no "
                + "parts.");
        }

        if (size > settings.MaxMessage)
        {
            throw TooLarge(size, settings.MaxMessage);
        }

        return new Parcel(null, message.Id, _serializer.Manifest(message), _serializer.ToBinary(message));
    }

    /// <summary>Bytes of a message that go into one part.</summary>
    public int PartBytes(IActorRef recipient, IActorRef sender) => _bytes is { } frame
        ? (int)Math.Clamp(frame - Envelope(recipient, sender), 1, MostPartBytes)
        : MostPartBytes;

    /// <summary>The message of which all parts have come.</summary>
    /// <exception cref="WireException">It is none.</exception>
    /// <exception cref="InferenceException">There is no memory for it.</exception>
    public object Unpack(Parcel message)
    {
        try
        {
            return _serializer.FromBinary(message.Bytes, message.Manifest);
        }
        catch (OutOfMemoryException e)
        {
            throw NoMemory(message.Bytes.Length, e);
        }
    }

    public static InferenceException TooLarge(long size, long limit) => new(
        InferenceFailure.MessageTooLarge,
        $"A message of {size} bytes is larger than the {limit} that may be sent; send less, or raise {RemotingSettings.MaxMessagePath} on "
        + "both sides.");

    public static InferenceException NoMemory(long size, OutOfMemoryException reason) =>
        new(InferenceFailure.Overloaded, $"No memory for a message of {size} bytes: {reason.Message}", reason);

    // The sender's path gets its address, which is about as long as the recipient's.
    private static long Envelope(IActorRef recipient, IActorRef sender) => EnvelopeBytes
        + (2 * recipient.Path.ToStringWithAddress().Length) + sender.Path.ToStringWithoutAddress().Length;

    private static ImmutableArray<NamedTensor> TensorsOf(ICallMessage message) => message switch
    {
        PredictRequest request => request.Inputs,
        PredictReply.Answered answered => answered.Outputs,
        _ => [],
    };

    /// <summary>No less than the bytes of a message, found without writing it; all that there are where that cannot be said.</summary>
    private static long MostSizeOf(ICallMessage message)
    {
        if (message is not (PredictRequest or PredictReply.Answered))
        {
            return long.MaxValue;
        }

        var texts = message is PredictRequest request
            ? request.Pool.Length + request.Method.Length + request.HashKey.Length + request.TraceParent.Length
            : 0;
        // Characters take three bytes in UTF-8, numbers ten.
        var size = (3L * texts) + TensorBytes;
        foreach (var tensor in TensorsOf(message))
        {
            size += tensor.Data.Length + (3L * tensor.Name.Length) + (10L * tensor.Tensor.Layout.Shape.Length) + TensorBytes;
        }

        return size;
    }
}
