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
}
