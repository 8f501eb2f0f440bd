using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Torch.Views;

/// <summary>Views of the blocks of a leased model. Each keeps its mapping alive on its own, longer than the lease where it must.</summary>
internal sealed unsafe class LeaseViews : IViewSource
{
    private readonly Func<BlockId, nint> _retain;

    /// <summary>Views of the mapping that all holders in this process share.</summary>
    public LeaseViews(ModelLease lease) => _retain = lease.Retain;

    /// <summary>Views of a mapping for one holder alone.</summary>
    public LeaseViews(PrivateMapping mapping) => _retain = mapping.Retain;

    public torch.Tensor View(TensorEntry entry)
    {
        // Before anything is retained.
        _ = entry.ScalarType();
        return TensorView.Create(_retain(entry.Block), entry.Layout, &Release, entry.Offset ?? 0);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint address) => ModelLease.Release(address);
}
