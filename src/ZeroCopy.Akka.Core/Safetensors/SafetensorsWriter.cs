using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Safetensors;

/// <summary>
/// Writes safetensors files that any reader of the format takes: wide element types first, so that every tensor is aligned to its elements,
/// without holes. Peak memory is one buffer, and one whole tensor where that is not row-major.
/// </summary>
public static class SafetensorsWriter
{
    private const int BufferBytes = 4 << 20;

    /// <summary>
    /// Writes a temporary sibling of <paramref name="path"/>, then renames it over; nothing is left where that fails or is cancelled.
    /// <paramref name="progress"/> hears the bytes written so far.
    /// </summary>
    /// <exception cref="InvalidModelException">
    /// The format cannot hold a tensor: C128, two of one name, or one that is over 2 GiB and not row-major.
    /// </exception>
    public static void Write(
        string path, IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null, IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var ordered = tensors.OrderByDescending(tensor => tensor.Layout.DType.ElementSize()).ToList();
        var header = Header(path, ordered, metadata);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                file.Write(header);
                var written = 0L;
                foreach (var tensor in ordered)
                {
                    WriteTensor(file, tensor, path, ref written, progress, cancellationToken);
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static byte[] Header(string path, List<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    writer.WriteString(key, value);
                }

                writer.WriteEndObject();
            }

            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new InvalidModelException($"{path}: a safetensors file cannot hold two tensors named '{tensor.Name}'.");
                }

                if (tensor.Layout.DType == DType.Complex128)
                {
                    throw new InvalidModelException($"{path}: '{tensor.Name}' is C128, which the safetensors format does not have; convert it to C64.");
                }

                WriteEntry(writer, tensor, ref offset);
            }

            writer.WriteEndObject();
        }

        // Padded with spaces so that the data begin on eight bytes.
        var length = (json.WrittenCount + 7) / 8 * 8;
        var header = new byte[SafetensorsHeader.PrefixBytes + length];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)length);
        json.WrittenSpan.CopyTo(header.AsSpan(SafetensorsHeader.PrefixBytes));
        return header;
    }

    private static void WriteEntry(Utf8JsonWriter writer, TensorSource tensor, ref long offset)
    {
        writer.WriteStartObject(tensor.Name);
        writer.WriteString("dtype", tensor.Layout.DType.ToToken());
        writer.WriteStartArray("shape");
        foreach (var size in tensor.Layout.Shape)
        {
            writer.WriteNumberValue(size);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("data_offsets");
        writer.WriteNumberValue(offset);
        writer.WriteNumberValue(offset += tensor.Layout.ByteLength);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTensor(
        FileStream file, TensorSource tensor, string path, ref long written, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var length = tensor.Layout.ByteLength;
        if (!tensor.Layout.IsContiguous)
        {
            if (length > Array.MaxLength)
            {
                throw new InvalidModelException($"{path}: '{tensor.Name}' is {length} bytes and not row-major; over {Array.MaxLength} bytes cannot be reordered.");
            }

            file.Write(RowMajor(tensor));
            progress?.Report(written += length);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferBytes, Math.Max(1, length)));
        try
        {
            for (var offset = 0L; offset < length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset));
                tensor.Read(offset, part);
                file.Write(part);
                offset += part.Length;
                progress?.Report(written += part.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] RowMajor(TensorSource tensor)
    {
        var layout = tensor.Layout;
        var memoryOrder = new byte[layout.ByteLength];
        tensor.Read(0, memoryOrder);
        var result = new byte[layout.ByteLength];
        var size = layout.DType.ElementSize();
        var index = new long[layout.Shape.Length];
        for (var target = 0; target < result.Length; target += size)
        {
            var element = 0L;
            for (var dimension = 0; dimension < index.Length; dimension++)
            {
                element += index[dimension] * layout.Strides[dimension];
            }

            memoryOrder.AsSpan((int)(element * size), size).CopyTo(result.AsSpan(target));
            for (var dimension = index.Length - 1; dimension >= 0 && ++index[dimension] == layout.Shape[dimension]; dimension--)
            {
                index[dimension] = 0;
            }
        }

        return result;
    }
}
