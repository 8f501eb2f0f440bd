using TorchSharp;
using ZeroCopy.Manifests;

namespace ZeroCopy.Torch.Views;

/// <summary>
/// Returns views of a model's tensors: the seam between binding and the place where the blocks lie. Views live on when their source is
/// disposed.
/// </summary>
internal interface IViewSource : IDisposable
{
    /// <summary>A tensor over the entry's block, without a copy. The caller disposes it.</summary>
    torch.Tensor View(TensorEntry entry);
}
