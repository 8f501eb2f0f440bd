using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Store;

/// <summary>Writes a model's state dictionary as a <c>.safetensors</c> file that Python reads.</summary>
public static class SafetensorsExporter
{
    private const int HeaderAlignment = 8;
    private const int PieceBytes = 1 << 20;
    private const int MaxNamed = 5;

    /// <summary>
    /// Writes all parameters and persistent buffers, row-major, to a temporary file beside <paramref name="path"/> that takes its place
    /// when it is complete. Tied tensors are written once, under their first name; the metadata maps each further name to it, as Python's
    /// <c>safetensors.torch.save_model</c> does. The lease stays with the caller. Synchronous: call it off an actor's thread.
    /// </summary>
    /// <exception cref="InvalidModelException">
    /// A tensor has a type that the format lacks, a name that it keeps for itself, or a form that it cannot hold, such as a sparse one.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written; the former one is untouched.</exception>
    public static void Export(ModelLease lease, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        RequireWhole(lease.Manifest);
        var tensors = lease.Manifest.Tensors.Where(t => t.Role is TensorRole.Parameter or TensorRole.Buffer)
            .OrderByDescending(t => t.Layout.DType.ElementBits()).ThenBy(t => t.Name, StringComparer.Ordinal).ToArray();
        var header = Header(lease.Manifest, tensors);
        var temporary = $"{Path.GetFullPath(path)}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                file.Write(header);
                foreach (var tensor in tensors)
                {
                    Write(lease, tensor, file, cancellationToken);
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void RequireWhole(Manifest manifest)
    {
        if (manifest.Recipe is Recipe.Script && manifest.Metadata.TryGetValue(ModelMetadata.NotExported, out var text))
        {
            var lines = text.Split('\n');
            var more = lines.Length > MaxNamed ? $"; and {lines.Length - MaxNamed} more" : "";
            throw new InvalidModelException(
                $"A .safetensors file cannot hold all of the model's state: {string.Join("; ", lines.Take(MaxNamed))}{more}. "
                + "Export it in Python, as dense tensors of plain types.");
        }
    }

    private static byte[] Header(Manifest manifest, TensorEntry[] tensors)
    {
        var metadata = ModelMetadata.ToFile(manifest.Metadata);
        metadata.TryAdd("format", "pt");
        foreach (var tensor in tensors)
        {
            foreach (var alias in tensor.Aliases)
            {
                metadata[alias] = tensor.Name;
            }
        }

        using var builder = new SafetensorsHeaderBuilder(metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        var begin = 0L;
        foreach (var tensor in tensors)
        {
            if (tensor.Layout.DType == DType.Complex128)
            {
                throw new InvalidModelException(
                    $"Tensor '{tensor.Name}' is of type {tensor.Layout.DType}, which the safetensors format does not have; "
                    + "convert it to Complex64 before the put.");
            }

            if (tensor.Name == SafetensorsParser.MetadataKey)
            {
                throw new InvalidModelException(
                    $"A tensor named '{tensor.Name}' cannot be exported: the safetensors format keeps that name for itself.");
            }

            builder.Add(tensor.Name, tensor.Layout.DType, tensor.Layout.Shape.AsSpan(), begin, begin + tensor.Layout.ByteLength);
            begin += tensor.Layout.ByteLength;
        }

        return builder.Build(HeaderAlignment);
    }

    private static unsafe void Write(ModelLease lease, TensorEntry tensor, FileStream file, CancellationToken cancellationToken)
    {
        var block = lease.Retain(tensor.Block);
        try
        {
            var address = block + (nint)(tensor.Offset ?? 0);
            if (tensor.Layout.IsContiguous)
            {
                for (var offset = 0L; offset < tensor.Layout.ByteLength; offset += PieceBytes)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    file.Write(
                        new ReadOnlySpan<byte>((byte*)address + offset, (int)Math.Min(PieceBytes, tensor.Layout.ByteLength - offset)));
                }

                return;
            }

            var reader = new RowMajorReader((byte*)address, tensor.Layout);
            var buffer = new byte[PieceBytes];
            for (var read = reader.Read(buffer); read > 0; read = reader.Read(buffer))
            {
                cancellationToken.ThrowIfCancellationRequested();
                file.Write(buffer, 0, read);
            }
        }
        finally
        {
            ModelLease.Release(block);
        }
    }
}
