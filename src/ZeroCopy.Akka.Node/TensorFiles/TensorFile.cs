using ZeroCopy.Datasets.Formats.Npy;
using ZeroCopy.Node.Predict;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>Reads and writes tensors in the format that the file's extension names.</summary>
internal static class TensorFile
{
    public const string Extensions = ".json, .npy or .safetensors";

    public static bool IsKnown(string path) => Path.GetExtension(path).ToLowerInvariant() is ".json" or ".npy" or ".safetensors";

    /// <summary>What a file gives to a call.</summary>
    /// <exception cref="TensorFileException">The file is not what its extension says, or holds what cannot be a tensor here.</exception>
    public static CallInputs Read(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".json" => JsonTensorReader.Read(path),
        ".npy" => new CallInputs([new("", new TensorInput(NpyReader.Read(path)))], IsOrdered: true),
        ".safetensors" => new CallInputs(
            [.. SafetensorsTensors.Read(path).Select(tensor => new NamedValue<InputValue>(tensor.Name, new TensorInput(tensor.Tensor)))],
            IsOrdered: false),
        _ => throw Unknown(path),
    };

    /// <summary>
    /// Writes tensors and texts to a temporary file beside <paramref name="path"/>, then renames it, so that a failure leaves nothing.
    /// </summary>
    /// <exception cref="TensorFileException">The format cannot hold these tensors.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensor> values)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            switch (Path.GetExtension(path).ToLowerInvariant())
            {
                case ".json":
                    using (var stream = File.Create(temporary))
                    {
                        JsonTensorWriter.Write(stream, values);
                    }

                    break;
                case ".npy":
                    NpyWriter.Write(temporary, path, Tensors(path, values));
                    break;
                case ".safetensors":
                    SafetensorsTensors.Write(temporary, path, Tensors(path, values));
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

    private static IReadOnlyList<NamedTensor> Tensors(string path, IReadOnlyList<NamedTensor> values) =>
    [
        .. values.Select(value => value.IsText
            ? throw new TensorFileException(path, $"'{value.Name}' is a text, and the format holds tensors alone; write .json.")
            : value),
    ];

    private static TensorFileException Unknown(string path) => new(
        path, $"the extension is not one that is read or written here; use {Extensions}.");
}
