using System.Collections.Immutable;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Script;

/// <summary>A weight of a TorchScript file, read from its record.</summary>
internal sealed class ScriptTensor(
    ScriptArchive archive, ArchiveEntry entry, long offset, string name, TensorRole role, TensorLayout layout, ImmutableArray<string> aliases)
    : TensorSource(name, role, layout, aliases)
{
    public override void Read(long start, Span<byte> destination) => archive.ReadStored(entry, offset + start, destination);
}
