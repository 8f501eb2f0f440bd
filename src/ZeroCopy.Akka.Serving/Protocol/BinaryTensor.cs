using System.Buffers.Binary;
using System.Text;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Protocol;

/// <summary>Inputs whose elements came as bytes.</summary>
internal static class BinaryTensor
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The tensor over these bytes, which stay where they are; a text is copied.</summary>
    /// <exception cref="RequestException">They are no text, or no truth values.</exception>
    public static NamedTensor Of(InferInput input, ReadOnlyMemory<byte> bytes)
    {
        if (input.DType is not { } dtype)
        {
            return NamedTensor.OfText(input.Name, Text(bytes.Span, input.Name));
        }

        if (dtype == DType.Bool && bytes.Span.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var at)
        {
            throw new RequestException($"Input '{input.Name}' has {bytes.Span[at]} as element {at}, but a BOOL is 0 or 1.");
        }

        return new NamedTensor(input.Name, new HostTensor(new TensorLayout(dtype, input.Shape.AsSpan()), bytes));
    }

    /// <summary>A text from its UTF-8 bytes.</summary>
    /// <exception cref="RequestException">They are none.</exception>
    public static string Decode(ReadOnlySpan<byte> text, string name)
    {
        try
        {
            return StrictUtf8.GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            throw new RequestException($"Input '{name}' holds a text that is not valid UTF-8.", e);
        }
    }

    /// <summary>Bytes that an output takes as binary: a text has its length in front.</summary>
    public static long Size(NamedTensor output) => output.Data.Length + (output.IsText ? sizeof(int) : 0L);

    private static string Text(ReadOnlySpan<byte> bytes, string name)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return length == bytes.Length - sizeof(uint) ? Decode(bytes[sizeof(uint)..], name) : throw new RequestException(
            $"Input '{name}' starts with a text of {length} bytes, but {bytes.Length - sizeof(uint)} follow; an input holds one text.");
    }
}
