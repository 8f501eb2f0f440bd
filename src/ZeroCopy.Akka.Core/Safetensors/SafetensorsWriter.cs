using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Safetensors;

/// <summary>Writes tensors in memory as a safetensors file: wide element types first, so that every tensor is aligned to its elements.</summary>
public static class SafetensorsWriter
{
    private const int HeaderAlignment = 8;

    /// <summary>Writes a new file, or over an old one.</summary>
    /// <exception cref="InvalidModelException">The format cannot hold a tensor: C128, two of one name, or the name that it keeps for itself.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, IEnumerable<KeyValuePair<string, HostTensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderByDescending(tensor => tensor.Value.Layout.DType.ElementBits()).ToList();
        var header = Header(path, ordered, metadata);
        using var file = File.Create(path);
        file.Write(header);
        foreach (var (_, tensor) in ordered)
        {
            file.Write(tensor.Data.Span);
        }
    }

    private static byte[] Header(string path, List<KeyValuePair<string, HostTensor>> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var builder = new SafetensorsHeaderBuilder((metadata ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal));
        var names = new HashSet<string>(StringComparer.Ordinal) { SafetensorsParser.MetadataKey };
        var offset = 0L;
        foreach (var (name, tensor) in tensors)
        {
            if (!names.Add(name))
            {
                throw new InvalidModelException($"{path}: a safetensors file cannot hold two tensors named '{name}'.");
            }

            if (tensor.Layout.DType == DType.Complex128)
            {
                throw new InvalidModelException($"{path}: '{name}' is C128, which the safetensors format does not have; convert it to C64.");
            }

            builder.Add(name, tensor.Layout.DType, tensor.Layout.Shape.AsSpan(), offset, offset + tensor.Layout.ByteLength);
            offset += tensor.Layout.ByteLength;
        }

        return builder.Build(HeaderAlignment);
    }
}
