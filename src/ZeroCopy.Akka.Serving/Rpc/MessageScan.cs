using System.Buffers;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Rpc;

/// <summary>
/// Counts the parts of a request for inference in its bytes, before there is an object for each: two bytes are an empty tensor, which takes
/// fifty times as many in memory. It reads the bytes as the parser does and refuses what it cannot follow, so that the parser makes no part
/// that was not counted.
/// </summary>
internal static class MessageScan
{
    /// <summary>Most tensors, parameters, dimensions, texts and unknown fields of a request together.</summary>
    public const int MostParts = 65_536;

    /// <summary>What a field's bytes are.</summary>
    private enum Message
    {
        Request,
        Input,
        Output,
        Contents,
        Entry,
        Parameter,

        /// <summary>A part without parts of its own.</summary>
        Leaf,

        /// <summary>A field that a message has once, of which the last counts.</summary>
        Single,

        /// <summary>Sizes of dimensions, one or many.</summary>
        Sizes,

        /// <summary>Elements of a list, one or many.</summary>
        Elements,
    }

    /// <exception cref="RequestException">The request has too many parts or elements, or is no message.</exception>
    public static void Require(in ReadOnlySequence<byte> request, ServingOptions options)
    {
        var (parts, elements, bytes) = Count(request);
        if (parts > MostParts)
        {
            throw new RequestException($"The request has more than {MostParts} tensors, parameters, dimensions, texts and unknown fields.");
        }

        if (elements > options.MaxElements)
        {
            throw new RequestException(
                $"The request has {elements} elements in contents, more than {options.MaxElements} "
                + $"({SettingNames.MaxElements}).");
        }

        if (bytes > options.MaxBodyBytes)
        {
            throw new RequestException(
                $"The request has {elements} elements in contents, which take {bytes} bytes, more than {options.MaxBodyBytes} "
                + $"({SettingNames.MaxBody}).");
        }
    }

    /// <summary>
    /// Its parts, at least those up to one more than there may be, and the elements of its lists until there, with the bytes that they take
    /// when they are read: eight where the message may have one.
    /// </summary>
    /// <exception cref="RequestException">The request is no message.</exception>
    public static (long Parts, long Elements, long ElementBytes) Count(in ReadOnlySequence<byte> request)
    {
        var counts = (Parts: 0L, Elements: 0L, ElementBytes: 0L);
        Count(request, Message.Request, ref counts);
        return counts;
    }

    private static void Count(
        in ReadOnlySequence<byte> bytes, Message message, ref (long Parts, long Elements, long ElementBytes) counts)
    {
        var reader = new SequenceReader<byte>(bytes);
        while (!reader.End && counts.Parts <= MostParts)
        {
            var tag = (uint)ReadNumber(ref reader);
            var field = Field(message, tag);
            var value = ReadValue(ref reader, tag);
            switch (field)
            {
                case Message.Single:
                    break;
                case Message.Leaf:
                    counts.Parts++;
                    break;
                case Message.Sizes:
                    counts.Parts += Numbers(value, tag);
                    break;
                case Message.Elements:
                    var elements = Numbers(value, tag);
                    counts.Elements += elements;
                    counts.ElementBytes += elements * Size(tag);
                    break;
                case Message.Parameter:
                    // Of an entry, which was counted.
                    Count(value, field, ref counts);
                    break;
                default:
                    counts.Parts++;
                    Count(value, field, ref counts);
                    break;
            }
        }
    }

    /// <summary>What a field is by its tag, whose last three bits say how it is written; written otherwise, it is an unknown one.</summary>
    private static Message Field(Message message, uint tag) => (message, tag >> 3, tag & 7) switch
    {
        (Message.Request, 1 or 2 or 3, 2) or (Message.Input, 1 or 2, 2) => Message.Single,
        (Message.Output or Message.Entry, 1, 2) => Message.Single,
        (Message.Parameter, 1 or 2 or 5, 0) or (Message.Parameter, 3, 2) or (Message.Parameter, 4, 1) => Message.Single,
        (Message.Request, 4, 2) or (Message.Input, 4, 2) or (Message.Output, 2, 2) => Message.Entry,
        (Message.Request, 5, 2) => Message.Input,
        (Message.Request, 6, 2) => Message.Output,
        (Message.Input, 3, 0 or 2) => Message.Sizes,
        (Message.Input, 5, 2) => Message.Contents,
        (Message.Contents, >= 1 and <= 5, 0 or 2) or (Message.Contents, 6, 5 or 2) or (Message.Contents, 7, 1 or 2) => Message.Elements,
        (Message.Entry, 2, 2) => Message.Parameter,
        _ => Message.Leaf,
    };

    /// <summary>The numbers that a value is: one, or those of a list behind one tag.</summary>
    private static long Numbers(in ReadOnlySequence<byte> value, uint tag) => (tag & 7, tag >> 3) switch
    {
        (not 2, _) => 1,
        (_, 6) => value.Length / sizeof(float),
        (_, 7) => value.Length / sizeof(double),
        _ => Ends(value),
    };

    /// <summary>Bytes of an element of a list: bool, int32, int64, uint32, uint64, float, double.</summary>
    private static int Size(uint tag) => (tag >> 3) switch { 1 => 1, 2 or 4 or 6 => 4, _ => 8 };

    /// <summary>How many numbers of any length end in the bytes: each in one below 128.</summary>
    private static long Ends(in ReadOnlySequence<byte> value)
    {
        var ends = 0L;
        foreach (var segment in value)
        {
            foreach (var next in segment.Span)
            {
                ends += 1 - (next >> 7);
            }
        }

        return ends;
    }

    /// <summary>The bytes of a value that is no single number.</summary>
    private static ReadOnlySequence<byte> ReadValue(ref SequenceReader<byte> reader, uint tag)
    {
        switch (tag & 7)
        {
            case 0:
                ReadNumber(ref reader);
                return default;
            case 1:
                Skip(ref reader, sizeof(ulong));
                return default;
            case 2:
                var length = (uint)ReadNumber(ref reader);
                var rest = reader.UnreadSequence;
                Skip(ref reader, length);
                return rest.Slice(0, length);
            case 5:
                Skip(ref reader, sizeof(uint));
                return default;
            default:
                throw new RequestException("The message is no ModelInferRequest: it has a group, or a field of an unknown kind.");
        }
    }

    private static void Skip(ref SequenceReader<byte> reader, uint length)
    {
        if (length > reader.Remaining)
        {
            throw Truncated();
        }

        reader.Advance(length);
    }

    /// <summary>A number of any length. Those of 32 bits are written with more, too, of which the parser drops the upper ones.</summary>
    private static ulong ReadNumber(ref SequenceReader<byte> reader)
    {
        var number = 0UL;
        for (var shift = 0; shift < 64 && reader.TryRead(out var next); shift += 7)
        {
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }

        throw Truncated();
    }

    private static RequestException Truncated() =>
        new("The message is no ModelInferRequest: it ends within a field, or has a number of more than 64 bits.");
}
