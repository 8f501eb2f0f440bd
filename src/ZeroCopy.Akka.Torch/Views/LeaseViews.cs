using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Torch.Views;

/// <summary>Views of the blocks of a leased model. Each keeps its mapping alive on its own, longer than the lease where it must.</summary>
internal sealed unsafe class LeaseViews(ModelLease lease) : IViewSource
{
    public torch.Tensor View(TensorEntry entry) => TensorView.Create(lease.Retain(entry.Block), entry.Layout, &Release);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint address) => ModelLease.Release(address);
}
