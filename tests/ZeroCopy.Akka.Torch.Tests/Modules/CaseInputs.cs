using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Inputs of the cases: the same elements each time, on the device where the case runs.</summary>
internal static class CaseInputs
{
    [ThreadStatic]
    private static Device? _device;

    /// <summary>Where the calling thread's inputs are made; null for the CPU.</summary>
    [System.Diagnostics.CodeAnalysis.AllowNull]
    public static Device Place
    {
        get => _device ?? CPU;
        set => _device = value;
    }

    public static Tensor Reals(params long[] shape)
    {
        manual_seed(7);
        return randn(shape).to(Place);
    }

    public static Tensor Ids(long below, params long[] shape)
    {
        manual_seed(7);
        return randint(0, below, shape, dtype: ScalarType.Int64).to(Place);
    }
}
