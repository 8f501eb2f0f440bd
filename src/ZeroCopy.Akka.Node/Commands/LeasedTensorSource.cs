using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Commands;

/// <summary>A tensor of a leased model, read where it is mapped; holds the mapping until it is disposed.</summary>
internal sealed class LeasedTensorSource(ModelLease lease, TensorEntry entry)
    : TensorSource(entry.Name, entry.Role, entry.Layout), IDisposable
{
    private readonly nint _address = lease.Retain(entry.Block);

    public override nint Address => _address;

    public override unsafe void Read(long offset, Span<byte> destination) =>
        new ReadOnlySpan<byte>((byte*)_address + offset, destination.Length).CopyTo(destination);

    public void Dispose() => ModelLease.Release(_address);
}
