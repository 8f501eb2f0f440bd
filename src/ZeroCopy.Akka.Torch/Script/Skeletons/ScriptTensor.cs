using System.Collections.Immutable;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Archives;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>A weight of a TorchScript file, read from its record.</summary>
internal sealed class ScriptTensor(
    ScriptArchive archive,
    ArchiveEntry entry,
    long offset,
    string name,
    TensorRole role,
    TensorLayout layout,
    ImmutableArray<string> aliases)
    : TensorSource(name, role, layout, aliases)
{
    public override void Read(long start, Span<byte> destination) => archive.ReadStored(entry, offset + start, destination);
}
