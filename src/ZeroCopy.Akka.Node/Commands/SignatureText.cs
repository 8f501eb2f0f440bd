using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Commands;

/// <summary>How a model is called, for people and for programs.</summary>
internal static class SignatureText
{
    /// <summary>A line for each method.</summary>
    public static IEnumerable<string> Lines(ModelSignature signature) => signature.Methods.IsEmpty
        ? ["none that takes tensors"]
        : signature.Methods.Select(method => $"{method}{(method.IsBatchable ? ", rows of several calls may be joined" : "")}");

    /// <summary>The signature as it is serialised.</summary>
    public static object Json(ModelSignature signature) => new
    {
        signature.Default,
        Methods = signature.Methods.Select(method => new
        {
            method.Name,
            Inputs = method.Inputs.Select(Json),
            Outputs = method.Outputs.Select(Json),
            Batchable = method.IsBatchable,
        }),
    };

    private static object Json(ValueSignature value) => new
    {
        value.Name,
        value.Type,
        Dtype = value.DType?.ToToken(),
        Shape = value.Shape.IsDefault ? null : value.Shape.ToArray(),
        Optional = value.IsOptional,
    };
}
