using TorchSharp;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// Numbers for libtorch. TorchSharp makes a <see cref="Scalar"/> of each, whose native half the collector may free while libtorch reads it:
/// nothing holds one that was made in passing, as in <c>x * 0.5</c>. One that is used always is kept in a static field instead.
/// </summary>
internal static class HeldNumber
{
    /// <summary>
    /// For <c>x.add(y, One)</c>: sums of two tensors that name no factor for the second one have TorchSharp make it in passing, too.
    /// </summary>
    public static readonly Scalar One = 1;

    /// <summary>Calls libtorch with a number.</summary>
    public static T Use<T>(double number, Func<Scalar, T> use)
    {
        Scalar held = number;
        var answer = use(held);
        GC.KeepAlive(held);
        return answer;
    }

    /// <summary>As with a floating-point number: the type decides what libtorch answers with.</summary>
    public static T Use<T>(long number, Func<Scalar, T> use)
    {
        Scalar held = number;
        var answer = use(held);
        GC.KeepAlive(held);
        return answer;
    }
}
