using System.Buffers;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Rpc;

/// <summary>
/// Counts the parts of a request for inference in its bytes, before there is an object for each: two bytes are an empty tensor, which takes
/// fifty times as many in memory. What is no message at all is left to the parser.
/// </summary>
internal static class MessageScan
{
    /// <summary>Most tensors, parameters, dimensions and texts of a request together.</summary>
    public const int MostParts = 65_536;

    /// <summary>Fields of messages that have parts of their own, by the message that they lie in.</summary>
    private enum Message
    {
        Request,
        Input,
        Output,
        Contents,
        Leaf,
    }

    /// <exception cref="RequestException">The request has too many parts.</exception>
    public static void Require(in ReadOnlySequence<byte> request)
    {
        var parts = 0;
        Count(request, Message.Request, ref parts);
    }

    private static void Count(in ReadOnlySequence<byte> bytes, Message message, ref int parts)
    {
        var reader = new SequenceReader<byte>(bytes);
        while (TryReadNumber(ref reader, out var tag))
        {
            var (part, size) = Part(message, tag >> 3);
            switch (tag & 7)
            {
                case 0 when TryReadNumber(ref reader, out _):
                    break;
                case 1 when reader.Remaining >= sizeof(ulong):
                    reader.Advance(sizeof(ulong));
                    break;
                case 2 when TryReadNumber(ref reader, out var length) && length <= (ulong)reader.Remaining:
                    // Numbers of one list may lie behind one tag.
                    parts += size > 0 && length > 0 ? (int)Math.Min((ulong)MostParts, length / size) : 0;
                    if (part is not (null or Message.Leaf) && parts < MostParts)
                    {
                        Count(reader.UnreadSequence.Slice(0, (long)length), part.Value, ref parts);
                    }

                    reader.Advance((long)length);
                    break;
                case 5 when reader.Remaining >= sizeof(uint):
                    reader.Advance(sizeof(uint));
                    break;
                default:
                    return;
            }

            parts += part is null ? 0 : 1;
            if (parts > MostParts)
            {
                throw new RequestException($"The request has more than {MostParts} tensors, parameters, dimensions and texts.");
            }
        }
    }

    /// <summary>The message that a field is, null where it is no part; and the most bytes of a number where it is a list of them.</summary>
    private static (Message? Part, ulong Size) Part(Message message, ulong field) => (message, field) switch
    {
        (Message.Request, 5) => (Message.Input, 0),
        (Message.Request, 6) => (Message.Output, 0),
        (Message.Request, 4 or 7) or (Message.Input, 4) or (Message.Output, 2) or (Message.Contents, 8) => (Message.Leaf, 0),
        (Message.Input, 3) => (Message.Leaf, 10),
        (Message.Input, 5) => (Message.Contents, 0),
        _ => (null, 0),
    };

    private static bool TryReadNumber(ref SequenceReader<byte> reader, out ulong number)
    {
        number = 0;
        for (var shift = 0; shift < 64 && reader.TryRead(out var next); shift += 7)
        {
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
