using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>Whole tensors from and to a safetensors file.</summary>
internal static class SafetensorsTensors
{
    public static IReadOnlyList<NamedTensor> Read(string path)
    {
        using var file = File.OpenHandle(path);
        return [.. SafetensorsHeader.Read(file, path).Tensors.Select(tensor => new NamedTensor(tensor.Name, ReadTensor(tensor)))];

        HostTensor ReadTensor(SafetensorsTensor tensor)
        {
            if (tensor.Layout.ByteLength > Array.MaxLength)
            {
                throw new TensorFileException(path, $"'{tensor.Name}' is over 2 GiB, the most that one input may have; split it.");
            }

            var data = new byte[tensor.Layout.ByteLength];
            new FileTensorSource(tensor.Name, TensorRole.Attribute, tensor.Layout, file, tensor.Offset).Read(0, data);
            return new HostTensor(tensor.Layout, data);
        }
    }

    /// <param name="file">The file to write.</param>
    /// <param name="path">The name to use in errors.</param>
    /// <param name="tensors">The tensors.</param>
    public static void Write(string file, string path, IReadOnlyList<NamedTensor> tensors)
    {
        try
        {
            SafetensorsWriter.Write(file, tensors.Select(tensor => KeyValuePair.Create(tensor.Name, tensor.Tensor)));
        }
        catch (InvalidModelException error)
        {
            throw new TensorFileException(path, error.Message, error);
        }
    }
}
