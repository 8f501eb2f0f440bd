using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace ZeroCopy.Actors.Wire;

/// <summary>
/// Writes messages as Protocol Buffers, each under a short manifest that never changes. What it does not know is an error: nothing is
/// resolved by a type's name.
/// </summary>
public abstract class ProtobufSerializer : SerializerWithStringManifest
{
    private readonly MessageTable _messages;

    /// <param name="system">Whose messages it writes.</param>
    /// <param name="messages">Those that it writes and reads, and no others.</param>
    internal ProtobufSerializer(ExtendedActorSystem system, MessageTable messages)
        : base(system) => _messages = messages;

    /// <inheritdoc/>
    /// <exception cref="WireException">The message is none of this serializer's.</exception>
    public sealed override string Manifest(object o) => _messages.ManifestOf(o);

    /// <inheritdoc/>
    /// <exception cref="WireException">The message is none of this serializer's.</exception>
    public sealed override byte[] ToBinary(object obj) => _messages.Write(obj).ToByteArray();

    /// <inheritdoc/>
    /// <exception cref="WireException">The manifest is not ours, or the bytes are not what it says.</exception>
    public sealed override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return _messages.Read(bytes, manifest);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ArgumentException or FormatException or OverflowException)
        {
            throw new WireException($"{bytes.Length} bytes are no message '{manifest}': {e.Message}", e);
        }
    }

    /// <summary>Bytes of a message, without those that remoting adds.</summary>
    internal long SizeOf(object message) => _messages.Write(message).CalculateSize();
}
