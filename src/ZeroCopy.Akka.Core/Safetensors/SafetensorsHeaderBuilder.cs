using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Safetensors;

/// <summary>Writes a safetensors header, entry by entry in the order of the bytes.</summary>
internal sealed class SafetensorsHeaderBuilder : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _json;

    public SafetensorsHeaderBuilder(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _json.WriteStartObject();
        var started = false;
        foreach (var (key, value) in metadata)
        {
            if (!started)
            {
                _json.WriteStartObject(SafetensorsParser.MetadataKey);
                started = true;
            }

            _json.WriteString(key, value);
        }

        if (started)
        {
            _json.WriteEndObject();
        }
    }

    /// <summary>Adds a tensor; the places count from the end of the header.</summary>
    public void Add(string name, DType dtype, ReadOnlySpan<long> shape, long begin, long end)
    {
        _json.WriteStartObject(name);
        _json.WriteString("dtype", dtype.ToToken());
        _json.WriteStartArray("shape");
        foreach (var size in shape)
        {
            _json.WriteNumberValue(size);
        }

        _json.WriteEndArray();
        _json.WriteStartArray("data_offsets");
        _json.WriteNumberValue(begin);
        _json.WriteNumberValue(end);
        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    /// <summary>The file's first bytes: length, JSON, and spaces up to a multiple of <paramref name="alignment"/>.</summary>
    public byte[] Build(int alignment)
    {
        _json.WriteEndObject();
        _json.Flush();
        var used = SafetensorsHeader.PrefixBytes + _buffer.WrittenCount;
        var header = new byte[(used + alignment - 1) / alignment * alignment];
        header.AsSpan(used).Fill((byte)' ');
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(header.Length - SafetensorsHeader.PrefixBytes));
        _buffer.WrittenSpan.CopyTo(header.AsSpan(SafetensorsHeader.PrefixBytes));
        return header;
    }

    public void Dispose() => _json.Dispose();
}
