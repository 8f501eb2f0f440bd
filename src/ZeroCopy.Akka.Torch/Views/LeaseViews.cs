using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Torch.Views;

/// <summary>
/// Views of a leased model's tensors in a mapping of their own: what is written through them shows in no others. Each keeps its memory
/// alive on its own, longer than the lease and this object where it must.
/// </summary>
internal sealed unsafe class LeaseViews : IViewSource
{
    private readonly PrivateMapping _mapping;
    private readonly ModelLease? _owned;

    /// <summary>
    /// Views of a mapping that this object makes; <see cref="ModelLease.MapPrivately(bool)"/> says what <paramref name="isReadOnly"/>
    /// means.
    /// </summary>
    /// <param name="lease">The lease, which stays the caller's unless <paramref name="ownsLease"/> says otherwise.</param>
    /// <param name="isReadOnly">Whether nothing will ever be written.</param>
    /// <param name="ownsLease">Whether the lease ends with this object.</param>
    public LeaseViews(ModelLease lease, bool isReadOnly = false, bool ownsLease = false)
    {
        _mapping = lease.MapPrivately(isReadOnly);
        _owned = ownsLease ? lease : null;
    }

    public torch.Tensor View(TensorEntry entry)
    {
        // Before anything is retained.
        _ = entry.ScalarType();
        return entry.Offset is { } offset
            ? TensorView.Create(_mapping.Retain(entry), _mapping.LengthOf(entry), entry.Layout, offset, &Release)
            : TensorView.Create(_mapping.Retain(entry), entry.Layout, &Release);
    }

    /// <summary>A further lease on the model for another holder; null where this object has none of its own.</summary>
    public ModelLease? Share(string holder) => _owned?.Share(holder);

    public void Dispose()
    {
        _mapping.Dispose();
        _owned?.Dispose();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint address) => ModelLease.Release(address);
}
