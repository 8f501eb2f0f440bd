using TorchSharp;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Comparison of tensors.</summary>
internal static class TensorEquality
{
    /// <summary>Whether shape and every element are the same.</summary>
    public static bool Same(torch.Tensor left, torch.Tensor right)
    {
        if (!left.shape.SequenceEqual(right.shape))
        {
            return false;
        }

        using var equal = left.eq(right).all();
        return equal.item<bool>();
    }
}
