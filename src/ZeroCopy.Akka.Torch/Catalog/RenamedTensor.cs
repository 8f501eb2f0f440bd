using System.Collections.Immutable;
using ZeroCopy.Content;

namespace ZeroCopy.Torch.Catalog;

/// <summary>A tensor of a checkpoint under the names that a module has it by.</summary>
internal sealed class RenamedTensor(string name, TensorSource inner, ImmutableArray<string> aliases = default)
    : TensorSource(name, inner.Role, inner.Layout, aliases)
{
    public override nint Address => inner.Address;

    public override void Read(long offset, Span<byte> destination) => inner.Read(offset, destination);
}
