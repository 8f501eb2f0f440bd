using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Script.Pickles;

/// <summary>What the elements of a storage are.</summary>
/// <param name="DType">The type; null for those that the store does not have.</param>
/// <param name="Bytes">Bytes of a unit.</param>
/// <param name="Elements">Elements of a tensor in a unit.</param>
internal sealed record PickleStorageType(DType? DType, int Bytes, int Elements = 1)
{
    private static readonly Dictionary<string, PickleStorageType> Known = new(StringComparer.Ordinal)
    {
        ["FloatStorage"] = Stored(Tensors.DType.Float32),
        ["DoubleStorage"] = Stored(Tensors.DType.Float64),
        ["HalfStorage"] = Stored(Tensors.DType.Float16),
        ["BFloat16Storage"] = Stored(Tensors.DType.BFloat16),
        ["LongStorage"] = Stored(Tensors.DType.Int64),
        ["IntStorage"] = Stored(Tensors.DType.Int32),
        ["ShortStorage"] = Stored(Tensors.DType.Int16),
        ["CharStorage"] = Stored(Tensors.DType.Int8),
        ["ByteStorage"] = Stored(Tensors.DType.UInt8),
        ["BoolStorage"] = Stored(Tensors.DType.Bool),
        ["ComplexFloatStorage"] = Stored(Tensors.DType.Complex64),
        ["ComplexDoubleStorage"] = Stored(Tensors.DType.Complex128),
        ["ComplexHalfStorage"] = new(null, 4),
        ["Float8_e5m2Storage"] = Stored(Tensors.DType.Float8E5M2),
        ["Float8_e4m3fnStorage"] = Stored(Tensors.DType.Float8E4M3),
        ["Float8_e5m2fnuzStorage"] = Stored(Tensors.DType.Float8E5M2Fnuz),
        ["Float8_e4m3fnuzStorage"] = Stored(Tensors.DType.Float8E4M3Fnuz),
        ["Float8_e8m0fnuStorage"] = Stored(Tensors.DType.Float8E8M0),
        ["UInt16Storage"] = Stored(Tensors.DType.UInt16),
        ["UInt32Storage"] = Stored(Tensors.DType.UInt32),
        ["UInt64Storage"] = Stored(Tensors.DType.UInt64),
        ["QInt8Storage"] = new(null, 1),
        ["QUInt8Storage"] = new(null, 1),
        ["QInt32Storage"] = new(null, 4),
        ["QUInt4x2Storage"] = new(null, 1, 2),
        ["QUInt2x4Storage"] = new(null, 1, 4),
    };

    /// <summary>The type of a storage class of PyTorch; null for one that is not known.</summary>
    public static PickleStorageType? Find(string name) => Known.GetValueOrDefault(name);

    private static PickleStorageType Stored(DType type) => new(type, type.ElementSize());
}
