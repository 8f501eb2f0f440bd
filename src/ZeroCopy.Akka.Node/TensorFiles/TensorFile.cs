namespace ZeroCopy.Node.TensorFiles;

/// <summary>Reads and writes tensors in the format that the file's extension names.</summary>
internal static class TensorFile
{
    public const string Extensions = ".json, .npy or .safetensors";

    public static bool IsKnown(string path) => Path.GetExtension(path).ToLowerInvariant() is ".json" or ".npy" or ".safetensors";

    /// <summary>The tensors of a file in its order.</summary>
    /// <exception cref="TensorFileException">The file is not what its extension says, or holds what cannot be a tensor here.</exception>
    public static IReadOnlyList<NamedTensor> Read(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".json" => JsonTensorReader.Read(path),
        ".npy" => [new NamedTensor(null, NpyReader.Read(path))],
        ".safetensors" => SafetensorsTensors.Read(path),
        _ => throw Unknown(path),
    };

    /// <summary>
    /// Writes the tensors to a temporary file beside <paramref name="path"/>, then renames it, so that a failure leaves nothing.
    /// </summary>
    /// <exception cref="TensorFileException">The format cannot hold these tensors.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensor> tensors)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            switch (Path.GetExtension(path).ToLowerInvariant())
            {
                case ".json":
                    using (var stream = File.Create(temporary))
                    {
                        JsonTensorWriter.Write(stream, tensors);
                    }

                    break;
                case ".npy":
                    NpyWriter.Write(temporary, path, tensors);
                    break;
                case ".safetensors":
                    SafetensorsTensors.Write(temporary, path, tensors);
                    break;
                default:
                    throw Unknown(path);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static TensorFileException Unknown(string path) => new(
        path, $"the extension is not one that is read or written here; use {Extensions}.");
}
