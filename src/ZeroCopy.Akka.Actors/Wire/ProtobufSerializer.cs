using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace ZeroCopy.Actors.Wire;

/// <summary>
/// Writes messages as Protocol Buffers, each under a short manifest that never changes. What it does not know is an error: nothing is
/// resolved by a type's name.
/// </summary>
public abstract class ProtobufSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <inheritdoc/>
    public sealed override byte[] ToBinary(object obj) => ToWire(obj).ToByteArray();

    /// <inheritdoc/>
    /// <exception cref="WireException">The manifest is not ours, or the bytes are not what it says.</exception>
    public sealed override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return Read(bytes, manifest) ?? throw new WireException(
                $"'{manifest}' is not a message of ZeroCopy.Akka; does the other node run a newer version?");
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ArgumentException or FormatException or OverflowException)
        {
            throw new WireException($"{bytes.Length} bytes are no message '{manifest}': {e.Message}", e);
        }
    }

    /// <summary>A message as Protocol Buffers have it.</summary>
    /// <exception cref="WireException">It is none of this serializer's: <see cref="Unknown"/>.</exception>
    protected abstract IMessage ToWire(object message);

    /// <summary>Reads a message; null where the manifest is none of this serializer's.</summary>
    protected abstract object? Read(byte[] bytes, string manifest);

    /// <summary>The error for a message that this serializer does not write.</summary>
    protected static WireException Unknown(object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return new($"{message.GetType()} is not a message that ZeroCopy.Akka sends to other processes.");
    }
}
