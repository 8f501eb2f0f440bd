using System.Globalization;

namespace ZeroCopy.Client.Tensors;

/// <summary>
/// A number of 16 bits: the upper half of an IEEE 754 binary32, so with its range and 8 bits of precision. Made to be carried, not to be
/// computed with: it converts to <see cref="float"/> exactly and from it by rounding to the nearest, ties to even.
/// </summary>
public readonly struct BFloat16 : IEquatable<BFloat16>
{
    private readonly ushort _bits;

    private BFloat16(ushort bits) => _bits = bits;

    /// <summary>The number of these bits: sign, 8 of exponent, 7 of mantissa.</summary>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>Its bits: sign, 8 of exponent, 7 of mantissa.</summary>
    public ushort ToBits() => _bits;

    /// <summary>The nearest one, the even one of two; NaN stays NaN.</summary>
    public static explicit operator BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? new BFloat16((ushort)((bits >> 16) | 0x40))
            : new BFloat16((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>The same number.</summary>
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value._bits << 16);

    /// <summary>Whether both have the same bits.</summary>
    public static bool operator ==(BFloat16 left, BFloat16 right) => left.Equals(right);

    /// <summary>Whether the bits differ.</summary>
    public static bool operator !=(BFloat16 left, BFloat16 right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => _bits == other._bits;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _bits;

    /// <inheritdoc/>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
