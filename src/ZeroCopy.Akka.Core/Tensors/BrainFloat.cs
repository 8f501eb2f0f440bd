using System.Numerics;

namespace ZeroCopy.Tensors;

/// <summary>Numbers as floats of 16 bits with the exponent of a binary32.</summary>
internal static class BrainFloat
{
    /// <summary>
    /// The bits of the nearest one, ties to even. A number of more digits than a binary32 has is rounded once: on its way through that,
    /// what is cut off stays to be seen in the last bit.
    /// </summary>
    public static ushort Round<T>(T value)
        where T : INumber<T>
    {
        var single = float.CreateSaturating(value);
        var bits = BitConverter.SingleToUInt32Bits(single);
        if (float.IsNaN(single))
        {
            // The payload may be in the half that goes; without any it would be an infinity.
            return (ushort)((bits >> 16) | 0x40);
        }

        if (float.IsInfinity(single))
        {
            return (ushort)(bits >> 16);
        }

        var back = T.CreateSaturating(single);
        if (back != value)
        {
            // Towards zero, and odd.
            bits = (T.IsPositive(value) ? back > value : back < value) ? bits - 1 : bits;
            bits |= 1;
        }

        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Whether it is no infinity and a number.</summary>
    public static bool IsFinite(ushort bits) => (bits & 0x7F80) != 0x7F80;
}
