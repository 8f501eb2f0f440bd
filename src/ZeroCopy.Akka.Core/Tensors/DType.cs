namespace ZeroCopy.Tensors;

/// <summary>Element type of a tensor. All multi-byte elements are little-endian in blocks and on the wire.</summary>
public enum DType : byte
{
    /// <summary>One byte per element, 0 or 1.</summary>
    Bool = 1,
    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 2,
    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 3,
    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 4,
    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 5,
    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 6,
    /// <summary>IEEE 754 binary16.</summary>
    Float16 = 7,
    /// <summary>The upper 16 bits of an IEEE 754 binary32.</summary>
    BFloat16 = 8,
    /// <summary>IEEE 754 binary32.</summary>
    Float32 = 9,
    /// <summary>IEEE 754 binary64.</summary>
    Float64 = 10,
    /// <summary>Two Float32: real, then imaginary.</summary>
    Complex64 = 11,
    /// <summary>Two Float64: real, then imaginary.</summary>
    Complex128 = 12,
    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16 = 13,
    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32 = 14,
    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64 = 15,
    /// <summary>OCP 8-bit float with 4 bits of exponent and 3 of mantissa, without infinities.</summary>
    Float8E4M3 = 16,
    /// <summary>OCP 8-bit float with 5 bits of exponent and 2 of mantissa.</summary>
    Float8E5M2 = 17,
    /// <summary>OCP 8-bit power of two, the scale of a block of narrower elements.</summary>
    Float8E8M0 = 18,
    /// <summary>8-bit float with 4 bits of exponent and 3 of mantissa, without infinities and negative zero.</summary>
    Float8E4M3Fnuz = 19,
    /// <summary>8-bit float with 5 bits of exponent and 2 of mantissa, without infinities and negative zero.</summary>
    Float8E5M2Fnuz = 20,
    /// <summary>OCP 6-bit float with 2 bits of exponent and 3 of mantissa; four elements take three bytes.</summary>
    Float6E2M3 = 21,
    /// <summary>OCP 6-bit float with 3 bits of exponent and 2 of mantissa; four elements take three bytes.</summary>
    Float6E3M2 = 22,
    /// <summary>OCP 4-bit float with 2 bits of exponent and 1 of mantissa; two elements take one byte.</summary>
    Float4E2M1 = 23,
}
