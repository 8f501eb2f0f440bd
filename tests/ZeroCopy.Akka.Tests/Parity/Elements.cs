using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>The elements of tensors on the CPU, bit by bit.</summary>
internal static unsafe class Elements
{
    /// <summary>The address of the first one.</summary>
    public static long Address(Tensor tensor) => (long)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    public static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(expected.shape, actual.shape);
        using var left = expected.contiguous();
        using var right = actual.contiguous();
        Assert.True(left.bytes.SequenceEqual(right.bytes), "The elements differ.");
    }

    /// <summary>Names, shapes, types and values of both state dictionaries are the same, in the same order.</summary>
    public static void AssertSameState(nn.Module expected, nn.Module actual)
    {
        var (left, right) = (expected.state_dict(), actual.state_dict());
        Assert.Equal(left.Keys, right.Keys);
        foreach (var (name, tensor) in left)
        {
            AssertSame(tensor, right[name]);
        }
    }
}
