using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Script;

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
        ["Float8_e5m2Storage"] = new(null, 1),
        ["Float8_e4m3fnStorage"] = new(null, 1),
        ["Float8_e5m2fnuzStorage"] = new(null, 1),
        ["Float8_e4m3fnuzStorage"] = new(null, 1),
        ["Float8_e8m0fnuStorage"] = new(null, 1),
        ["UInt16Storage"] = new(null, 2),
        ["UInt32Storage"] = new(null, 4),
        ["UInt64Storage"] = new(null, 8),
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
