using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Safetensors;

namespace ZeroCopy.Blocks;

/// <summary>
/// Reads the header of a segment in exactly the form that <see cref="SegmentLayout"/> writes, several times faster than the general reader.
/// Anything else is left to that reader, which says what is wrong.
/// </summary>
internal static class SegmentScan
{
    private const int FirstReadBytes = 8 << 10;

    /// <summary>The blocks in file order; null for any other form.</summary>
    public static ImmutableArray<SegmentBlock>? TryRead(SafeFileHandle file, long fileLength)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstReadBytes);
        try
        {
            var read = RandomAccess.Read(file, buffer, 0);
            if (read < SafetensorsHeader.PrefixBytes)
            {
                return null;
            }

            var length = BinaryPrimitives.ReadUInt64LittleEndian(buffer);
            if (length > SafetensorsHeader.MaxHeaderBytes || (long)length > fileLength - SafetensorsHeader.PrefixBytes)
            {
                return null;
            }

            var dataOffset = SafetensorsHeader.PrefixBytes + (int)length;
            if (dataOffset > read)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(dataOffset);
                read = RandomAccess.Read(file, buffer.AsSpan(0, dataOffset), 0);
            }

            return read < dataOffset
                ? null : Scan(buffer.AsSpan(SafetensorsHeader.PrefixBytes, (int)length), dataOffset, fileLength - dataOffset);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or a name that is no Unicode: the general reader says it with the file's name.
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Compiled at once: it runs for every segment when a store is opened, before any other tier of the compiler would.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ImmutableArray<SegmentBlock>? Scan(ReadOnlySpan<byte> json, long dataOffset, long dataLength)
    {
        var blocks = ImmutableArray.CreateBuilder<SegmentBlock>(json.Count("\"dtype\""u8));
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        var end = 0L;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isPadding = reader.ValueSpan.StartsWith("pad."u8);
            BlockId id = default;
            if (!isPadding && !BlockId.TryParse(ref reader, out id))
            {
                return null;
            }

            if (!Is(ref reader, JsonTokenType.StartObject)
                || !Named(ref reader, "dtype"u8) || !Is(ref reader, JsonTokenType.String) || !reader.ValueTextEquals("U8"u8)
                || !Named(ref reader, "shape"u8) || !Is(ref reader, JsonTokenType.StartArray)
                || !Number(ref reader, out var length) || !Is(ref reader, JsonTokenType.EndArray)
                || !Named(ref reader, "data_offsets"u8) || !Is(ref reader, JsonTokenType.StartArray)
                || !Number(ref reader, out var begin) || !Number(ref reader, out var stop)
                || !Is(ref reader, JsonTokenType.EndArray) || !Is(ref reader, JsonTokenType.EndObject)
                || begin != end || length != stop - begin || length < 0 || stop > dataLength)
            {
                return null;
            }

            if (!isPadding)
            {
                if ((dataOffset + begin) % SegmentLayout.Alignment != 0)
                {
                    return null;
                }

                blocks.Add(new SegmentBlock(id, dataOffset + begin, length));
            }

            end = stop;
        }

        return reader.TokenType == JsonTokenType.EndObject && !reader.Read() && end == dataLength ? blocks.DrainToImmutable() : null;
    }

    private static bool Is(ref Utf8JsonReader reader, JsonTokenType type) => reader.Read() && reader.TokenType == type;

    private static bool Named(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        Is(ref reader, JsonTokenType.PropertyName) && reader.ValueTextEquals(name);

    private static bool Number(ref Utf8JsonReader reader, out long value)
    {
        value = 0;
        return Is(ref reader, JsonTokenType.Number) && reader.TryGetInt64(out value);
    }
}
