using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests;

/// <summary>
/// Remembers how many native tensors this process has and finds what was added since. At the end nothing is collected: that would hide
/// what was not disposed.
/// </summary>
internal sealed class TensorCheck
{
    private readonly long _before;

    public TensorCheck()
    {
        // What earlier specs left to the collector must not go in the middle of this one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _before = Tensor.TotalCount;
    }

    /// <summary>Tensors that were added since; negative where older ones went.</summary>
    public long Added => Tensor.TotalCount - _before;

    /// <summary>Throws where anything that was made since is still there; what earlier specs held may go late.</summary>
    public void Verify()
    {
        if (Added > 0)
        {
            throw new InvalidOperationException($"{Added} tensors were left behind.");
        }
    }
}
