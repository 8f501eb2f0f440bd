using TorchSharp;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Views;

/// <summary>Element types of the store and of torch.</summary>
internal static class ScalarTypes
{
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
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Not a tensor element type."),
    };

    /// <summary>The store's name of an element type.</summary>
    /// <exception cref="NotSupportedException">A quantised type: the store holds plain elements only.</exception>
    public static DType ToDType(this torch.ScalarType type) => type switch
    {
        torch.ScalarType.Bool => DType.Bool,
        torch.ScalarType.Byte => DType.UInt8,
        torch.ScalarType.Int8 => DType.Int8,
        torch.ScalarType.Int16 => DType.Int16,
        torch.ScalarType.Int32 => DType.Int32,
        torch.ScalarType.Int64 => DType.Int64,
        torch.ScalarType.Float16 => DType.Float16,
        torch.ScalarType.BFloat16 => DType.BFloat16,
        torch.ScalarType.Float32 => DType.Float32,
        torch.ScalarType.Float64 => DType.Float64,
        torch.ScalarType.ComplexFloat32 => DType.Complex64,
        torch.ScalarType.ComplexFloat64 => DType.Complex128,
        _ => throw new NotSupportedException($"Tensors of type {type} cannot be stored: only plain element types, not quantised ones."),
    };
}
