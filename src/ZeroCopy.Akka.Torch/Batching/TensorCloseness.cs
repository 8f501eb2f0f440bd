using static TorchSharp.torch;

namespace ZeroCopy.Torch.Batching;

/// <summary>
/// Compares tensors that other kernels may have computed: a batch of another size takes another one, and rounds otherwise.
/// </summary>
internal static class TensorCloseness
{
    /// <summary>
    /// Whether both are of one type, shape and device, and their numbers close: equal where they are whole, infinite or NaN, else within a
    /// share of the largest finite number of <paramref name="one"/>. A share of each number would not do: what cancels out keeps the
    /// rounding of its terms.
    /// </summary>
    public static bool AreClose(Tensor? one, Tensor? other)
    {
        if (one is null || other is null)
        {
            return one is null && other is null;
        }

        if (one.dtype != other.dtype || one.device_type != other.device_type || !one.shape.AsSpan().SequenceEqual(other.shape))
        {
            return false;
        }

        if (one.numel() == 0)
        {
            return true;
        }

        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        return Share(one.dtype) is { } share
            ? AreWithin(Numbers(one), Numbers(other), share)
            : Dense(one).equal(Dense(other)).all().item<bool>();
    }

    private static double? Share(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.ComplexFloat64 => 1e-9,
        ScalarType.Float32 or ScalarType.ComplexFloat32 => 1e-4,
        ScalarType.Float16 => 1e-2,
        ScalarType.BFloat16 => 5e-2,
        _ => null,
    };

    private static Tensor Dense(Tensor tensor) => tensor.is_sparse ? tensor.to_dense() : tensor;

    private static double[] Numbers(Tensor tensor)
    {
        var dense = Dense(tensor);
        var real = dense.is_complex() ? dense.resolve_conj().view_as_real() : dense;
        return real.to_type(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
    }

    private static bool AreWithin(double[] one, double[] other, double share)
    {
        var limit = share * one.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        for (var i = 0; i < one.Length; i++)
        {
            // Equals holds for two NaN and for equal infinities; a difference with one of them is not within any limit.
            if (!one[i].Equals(other[i]) && !(Math.Abs(one[i] - other[i]) <= limit))
            {
                return false;
            }
        }

        return true;
    }
}
