using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Safetensors;

/// <summary>
/// Writes tensors in memory as a safetensors file: wide element types first, so that every tensor is aligned to its elements.
/// </summary>
public static class SafetensorsWriter
{
    private const int HeaderAlignment = 8;

    /// <summary>Writes a new file, or over an old one.</summary>
    /// <exception cref="InvalidModelException">
    /// The format cannot hold a tensor: C128, two of one name, or the name that it keeps for itself.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, IEnumerable<KeyValuePair<string, HostTensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var known = tensors.ToList();
        Write(path, known.Select(tensor => KeyValuePair.Create(tensor.Key, tensor.Value.Layout)), WriteTensor, metadata);

        void WriteTensor(string name, Stream stream) => stream.Write(known.Find(tensor => tensor.Key == name).Value.Data.Span);
    }

    /// <summary>Writes a new file, or over an old one, of tensors that need not be in memory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Names, element types and shapes.</param>
    /// <param name="write">Writes the elements of a tensor, all of them, row-major and little-endian.</param>
    /// <param name="metadata">Free text.</param>
    /// <exception cref="InvalidModelException">
    /// The format cannot hold a tensor: C128, two of one name, or the name that it keeps for itself.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, IEnumerable<KeyValuePair<string, TensorLayout>> tensors, Action<string, Stream> write,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderByDescending(tensor => tensor.Value.DType.ElementBits()).ToList();
        var header = Header(path, ordered, metadata);
        using var file = File.Create(path);
        file.Write(header);
        foreach (var (name, _) in ordered)
        {
            write(name, file);
        }
    }

    private static byte[] Header(
        string path, List<KeyValuePair<string, TensorLayout>> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var builder = new SafetensorsHeaderBuilder(
            (metadata ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal));
        var names = new HashSet<string>(StringComparer.Ordinal) { SafetensorsParser.MetadataKey };
        var offset = 0L;
        foreach (var (name, layout) in tensors)
        {
            if (!names.Add(name))
            {
                throw new InvalidModelException($"{path}: a safetensors file cannot hold two tensors named '{name}'.");
            }

            if (layout.DType == DType.Complex128)
            {
                throw new InvalidModelException(
                    $"{path}: '{name}' is C128, which the safetensors format does not have; convert it to C64.");
            }

            builder.Add(name, layout.DType, layout.Shape.AsSpan(), offset, offset + layout.ByteLength);
            offset += layout.ByteLength;
        }

        return builder.Build(HeaderAlignment);
    }
}
