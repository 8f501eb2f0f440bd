using ZeroCopy.Node.Predict;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Tests.TensorFiles;

/// <summary>Files of tensors, read for arguments that are all tensors.</summary>
internal static class TensorFileReading
{
    public static IReadOnlyList<NamedTensor> Tensors(string path) =>
    [
        .. TensorFile.Read(path).Values.Select(
            value => new NamedTensor(value.Name, (HostTensor)value.Value.As(ScriptType.Parse("Tensor"), value.Name ?? "input")!)),
    ];
}
