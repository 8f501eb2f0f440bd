using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Node.Tests.TensorFiles;

/// <summary>Files of tensors, read for arguments that are all tensors.</summary>
internal static class TensorFileReading
{
    public static IReadOnlyList<NamedTensor> Tensors(string path) =>
    [
        .. TensorFile.Read(path).Values.SelectMany(value => value.Value.ToInputs(value.Name, ScriptType.Parse("Tensor"))),
    ];
}
