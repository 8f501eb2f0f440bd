namespace ZeroCopy.Client.Tensors;

/// <summary>Element types of the protocol. Elements of more than a byte are little-endian.</summary>
public enum Datatype
{
    /// <summary>One byte, 0 or 1: <c>BOOL</c>.</summary>
    Bool,
    /// <summary>Unsigned, 8 bits: <c>UINT8</c>.</summary>
    UInt8,
    /// <summary>Unsigned, 16 bits: <c>UINT16</c>.</summary>
    UInt16,
    /// <summary>Unsigned, 32 bits: <c>UINT32</c>.</summary>
    UInt32,
    /// <summary>Unsigned, 64 bits: <c>UINT64</c>.</summary>
    UInt64,
    /// <summary>Signed, 8 bits: <c>INT8</c>.</summary>
    Int8,
    /// <summary>Signed, 16 bits: <c>INT16</c>.</summary>
    Int16,
    /// <summary>Signed, 32 bits: <c>INT32</c>.</summary>
    Int32,
    /// <summary>Signed, 64 bits: <c>INT64</c>.</summary>
    Int64,
    /// <summary>IEEE 754 binary16, <see cref="Half"/>: <c>FP16</c>.</summary>
    Float16,
    /// <summary>The upper half of a binary32, <see cref="ZeroCopy.Client.Tensors.BFloat16"/>: <c>BF16</c>.</summary>
    BFloat16,
    /// <summary>IEEE 754 binary32: <c>FP32</c>.</summary>
    Float32,
    /// <summary>IEEE 754 binary64: <c>FP64</c>.</summary>
    Float64,
    /// <summary>Texts, or strings of bytes, each behind its length of four bytes: <c>BYTES</c>.</summary>
    Bytes,
}
