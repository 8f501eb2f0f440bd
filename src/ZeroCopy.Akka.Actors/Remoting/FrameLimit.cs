using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Wire;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// What crosses the network in one message. Remoting drops what is larger and tells its log alone, so the sender has to know before.
/// </summary>
internal sealed class FrameLimit(ActorSystem system)
{
    public const string Setting = "akka.remote.dot-netty.tcp.maximum-frame-size";

    // Remoting's envelope without the two paths in it: serializer, manifest, sequence number and acknowledgements.
    private const int EnvelopeBytes = 512;

    /// <summary>Null in a system without remoting.</summary>
    private readonly long? _bytes = system.Settings.Config.GetByteSize(Setting, null);

    /// <summary>Why a message cannot be sent; null where it can.</summary>
    public InferenceException? Refusal(IWireMessage message, IActorRef recipient, IActorRef sender)
    {
        if (_bytes is not { } limit || recipient is IActorRefScope { IsLocal: true })
        {
            return null;
        }

        // The sender's path gets its address, which is about as long as the recipient's.
        var size = WireSerializer.SizeOf(message) + EnvelopeBytes
            + (2 * recipient.Path.ToStringWithAddress().Length) + sender.Path.ToStringWithoutAddress().Length;
        return size <= limit ? null : new InferenceException(
            InferenceFailure.MessageTooLarge,
            $"A message of {size} bytes is larger than the {limit} that cross the network at once; send less, or raise {Setting} on both nodes.");
    }
}
