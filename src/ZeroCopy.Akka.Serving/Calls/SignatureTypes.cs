using System.Collections.Immutable;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Calls;

/// <summary>Inputs and outputs of a signature in the protocol's words.</summary>
internal static class SignatureTypes
{
    /// <summary>Stands where a model takes any datatype: the one that PyTorch makes tensors of.</summary>
    public const string AnyDatatype = "FP32";

    /// <summary>The datatype; null for any.</summary>
    public static string? Datatype(this ValueSignature value)
    {
        DType? dtype = value.Type switch
        {
            "int" => DType.Int64,
            "float" => DType.Float64,
            "bool" => DType.Bool,
            _ => null,
        };
        return value.Type == "str" ? Protocol.Datatype.Bytes
            : (value.DType ?? dtype) is { } known ? Protocol.Datatype.NameOf(known) : null;
    }

    /// <summary>The shape; one dimension of any size where it is any.</summary>
    public static ImmutableArray<long> Sizes(this ValueSignature value) => !value.Shape.IsDefault ? value.Shape : value.Type switch
    {
        "str" => [1],
        "int" or "float" or "bool" => [],
        _ => [-1],
    };

    /// <summary>Whether <see cref="Sizes"/> says less than it seems.</summary>
    public static bool IsAnyShape(this ValueSignature value) =>
        value.Shape.IsDefault && value.Type is not ("str" or "int" or "float" or "bool");
}
