using System.Collections.Frozen;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Views;

/// <summary>
/// Element types of the store and of torch. TorchSharp has no names for libtorch's newer types; it passes their numbers through, and a
/// tensor of such a type can be computed with once it is converted. Source of the numbers: c10/core/ScalarType.h.
/// </summary>
internal static class ScalarTypes
{
    private const torch.ScalarType ComplexFloat16 = (torch.ScalarType)8;
    private const torch.ScalarType QInt8 = (torch.ScalarType)12;
    private const torch.ScalarType QUInt8 = (torch.ScalarType)13;
    private const torch.ScalarType QInt32 = (torch.ScalarType)14;
    private const torch.ScalarType Float8E5M2 = (torch.ScalarType)23;
    private const torch.ScalarType Float8E4M3 = (torch.ScalarType)24;
    private const torch.ScalarType Float8E5M2Fnuz = (torch.ScalarType)25;
    private const torch.ScalarType Float8E4M3Fnuz = (torch.ScalarType)26;
    private const torch.ScalarType UInt16 = (torch.ScalarType)27;
    private const torch.ScalarType UInt32 = (torch.ScalarType)28;
    private const torch.ScalarType UInt64 = (torch.ScalarType)29;
    private const torch.ScalarType Float8E8M0 = (torch.ScalarType)44;

    private static readonly FrozenDictionary<torch.ScalarType, DType> DTypes =
        Enum.GetValues<DType>().Where(IsInTorch).ToFrozenDictionary(ToScalarType);

    /// <summary>Whether libtorch has tensors of an element type.</summary>
    public static bool IsInTorch(this DType dtype) => dtype is not (DType.Float4E2M1 or DType.Float6E2M3 or DType.Float6E3M2);

    /// <summary>Torch's name of a stored tensor's element type.</summary>
    /// <exception cref="InvalidModelException">libtorch has no such type.</exception>
    public static torch.ScalarType ScalarType(this TensorEntry entry) => entry.Layout.DType.IsInTorch()
        ? entry.Layout.DType.ToScalarType()
        : throw new InvalidModelException(
            $"Tensor '{entry.Name}' is {entry.Layout.DType.ToToken()}, a type that libtorch has no tensors of: the model can be kept and "
            + "exported, and a module needs it converted before the put.");

    /// <summary>What to call an element type to somebody who uses TorchSharp.</summary>
    public static string Name(this torch.ScalarType type) => Enum.IsDefined(type) ? type.ToString()
        : Stored(type) is { } dtype ? $"{dtype.ToToken()} (a type that TorchSharp has no name for)" : $"the type {(int)type} of libtorch";

    /// <summary>Torch's name of an element type.</summary>
    public static torch.ScalarType ToScalarType(this DType dtype) => dtype switch
    {
        DType.Bool => torch.ScalarType.Bool,
        DType.UInt8 => torch.ScalarType.Byte,
        DType.Int8 => torch.ScalarType.Int8,
        DType.Int16 => torch.ScalarType.Int16,
        DType.Int32 => torch.ScalarType.Int32,
        DType.Int64 => torch.ScalarType.Int64,
        DType.Float16 => torch.ScalarType.Float16,
        DType.BFloat16 => torch.ScalarType.BFloat16,
        DType.Float32 => torch.ScalarType.Float32,
        DType.Float64 => torch.ScalarType.Float64,
        DType.Complex64 => torch.ScalarType.ComplexFloat32,
        DType.Complex128 => torch.ScalarType.ComplexFloat64,
        DType.Float8E5M2 => Float8E5M2,
        DType.Float8E4M3 => Float8E4M3,
        DType.Float8E5M2Fnuz => Float8E5M2Fnuz,
        DType.Float8E4M3Fnuz => Float8E4M3Fnuz,
        DType.UInt16 => UInt16,
        DType.UInt32 => UInt32,
        DType.UInt64 => UInt64,
        DType.Float8E8M0 => Float8E8M0,
        _ => throw new NotSupportedException($"libtorch has no tensors of type {dtype.ToToken()}."),
    };

    /// <summary>The store's name of an element type.</summary>
    /// <exception cref="NotSupportedException">A quantised type: the store holds plain elements only.</exception>
    public static DType ToDType(this torch.ScalarType type) => Stored(type)
        ?? throw new NotSupportedException(
            $"Tensors of type {type.Name()} cannot be stored: only plain element types, not quantised ones.");

    /// <summary>Whether elements stand for others by a scale.</summary>
    public static bool IsQuantized(this torch.ScalarType type) => type is QInt8 or QUInt8 or QInt32;

    /// <summary>
    /// The type of numbers that every file and message has in which the elements are the same; null where they are of such a type
    /// already.
    /// </summary>
    public static torch.ScalarType? Widened(this torch.ScalarType type) => type switch
    {
        ComplexFloat16 => torch.ScalarType.ComplexFloat32,
        Float8E5M2 or Float8E4M3 or Float8E5M2Fnuz or Float8E4M3Fnuz or Float8E8M0 => torch.ScalarType.Float32,
        _ => null,
    };

    /// <summary>Whether the store holds tensors of an element type.</summary>
    public static bool IsStored(this torch.ScalarType type) => Stored(type) is not null;

    private static DType? Stored(torch.ScalarType type) => DTypes.TryGetValue(type, out var dtype) ? dtype : null;
}
