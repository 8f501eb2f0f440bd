using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// Puts the parts of messages together, each into memory that is taken when its first part comes. A sender sends one message after the
/// other, so what lacks parts when the next one begins was given up. For one actor alone.
/// </summary>
internal sealed class IncomingMessages(RemotingSettings settings)
{
    /// <summary>Most messages of one process that lack parts.</summary>
    public const int MostMessages = 64;

    /// <summary>Most bytes that such messages have together, in messages of the largest size.</summary>
    public const int MostLargest = 4;

    /// <summary>Most bytes that the messages of all processes have together that lack parts, in messages of the largest size.</summary>
    public const int MostLargestOfAll = 16;

    private readonly Dictionary<IActorRef, Incoming> _messages = [];

    /// <summary>Bytes that are taken for messages that lack parts.</summary>
    public long Bytes => _messages.Values.Sum(message => message.Bytes.LongLength);

    /// <summary>Takes a part; returns the message with its last one, else null.</summary>
    /// <exception cref="InferenceException">
    /// The message is too large, its process or all together send too much at once, or there is no memory; the rest of it is thrown away as
    /// it comes.
    /// </exception>
    public Parcel? Add(IActorRef from, MessagePart part)
    {
        if (part.Offset == 0)
        {
            _messages.Remove(from);
            ThrowIfTooMuch(from, part.Total);
            _messages.Add(from, new Incoming(part.Id, part.Manifest, Take(part.Total)));
        }

        // Others belong to a message that was refused or given up.
        if (!_messages.TryGetValue(from, out var message) || message.Id != part.Id || message.Received != part.Offset
            || message.Bytes.LongLength != part.Total)
        {
            return null;
        }

        part.Data.CopyTo(message.Bytes.AsMemory(message.Received));
        message.Received += part.Data.Length;
        if (message.Received < message.Bytes.Length)
        {
            return null;
        }

        _messages.Remove(from);
        return new Parcel(null, message.Id, message.Manifest, message.Bytes);
    }

    /// <summary>The sender has given the message up.</summary>
    public void Drop(IActorRef from, long id)
    {
        if (_messages.TryGetValue(from, out var message) && message.Id == id)
        {
            _messages.Remove(from);
        }
    }

    /// <summary>The sender is gone.</summary>
    public void Forget(IActorRef from) => _messages.Remove(from);

    /// <summary>Parts from that address were lost.</summary>
    public void ForgetAt(Address address)
    {
        foreach (var from in _messages.Keys.Where(from => from.Path.Address == address).ToArray())
        {
            _messages.Remove(from);
        }
    }

    private static byte[] Take(long bytes)
    {
        try
        {
            return GC.AllocateUninitializedArray<byte>((int)bytes);
        }
        catch (OutOfMemoryException e)
        {
            throw FrameLimit.NoMemory(bytes, e);
        }
    }

    private void ThrowIfTooMuch(IActorRef from, long total)
    {
        if (total > settings.MaxMessage)
        {
            throw FrameLimit.TooLarge(total, settings.MaxMessage);
        }

        var (count, bytes) = (0, 0L);
        foreach (var (other, message) in _messages)
        {
            if (other.Path.Address == from.Path.Address)
            {
                count++;
                bytes += message.Bytes.LongLength;
            }
        }

        if (count >= MostMessages || bytes + total > MostLargest * settings.MaxMessage)
        {
            throw new InferenceException(
                InferenceFailure.Overloaded,
                $"{from.Path.Address} sends {count + 1} messages of {bytes + total} bytes at once; at most {MostMessages} of "
                + $"{MostLargest * settings.MaxMessage} bytes may come at once ({MostLargest} x {RemotingSettings.MaxMessagePath}).");
        }

        if (Bytes + total > MostLargestOfAll * settings.MaxMessage)
        {
            throw new InferenceException(
                InferenceFailure.Overloaded,
                $"Messages of {Bytes + total} bytes are coming at once; at most {MostLargestOfAll * settings.MaxMessage} bytes may "
                + $"({MostLargestOfAll} x {RemotingSettings.MaxMessagePath}).");
        }
    }

    private sealed class Incoming(long id, string manifest, byte[] bytes)
    {
        public long Id => id;

        public string Manifest => manifest;

        public byte[] Bytes => bytes;

        public int Received { get; set; }
    }
}
