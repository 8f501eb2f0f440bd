using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Predict;

/// <summary>Tensors of a file as the arguments that a model takes.</summary>
internal static class TorchTensors
{
    /// <summary>An argument as the model takes it: a tensor, or the one element of it as a number.</summary>
    /// <exception cref="InputMismatchException">The model wants one number, and the tensor is none.</exception>
    public static object? Argument(CallParameter parameter, HostTensor? value) => value is null ? null : parameter.Kind switch
    {
        // Numbers convert to tensors by themselves, so one arm has to say that the answer is an object.
        ArgumentKind.Tensor => (object)value.ToTorch(),
        ArgumentKind.Integer => Scalar(parameter, value).to(ScalarType.Int64).item<long>(),
        ArgumentKind.Number => Scalar(parameter, value).to(ScalarType.Float64).item<double>(),
        ArgumentKind.Boolean => Scalar(parameter, value).to(ScalarType.Bool).item<bool>(),
        _ => throw new InputMismatchException(
            $"'{parameter.Name}' is neither a tensor nor a number, so a file cannot give it; call the model from C#."),
    };

    private static Tensor Scalar(CallParameter parameter, HostTensor value)
    {
        var fits = parameter.Kind switch
        {
            ArgumentKind.Integer => value.Layout.DType is DType.UInt8 or DType.Int8 or DType.Int16 or DType.Int32 or DType.Int64,
            ArgumentKind.Boolean => value.Layout.DType == DType.Bool,
            _ => value.Layout.DType is not (DType.Bool or DType.Complex64 or DType.Complex128),
        };
        return fits && value.Layout.ElementCount == 1
            ? value.ToTorch()
            : throw new InputMismatchException(
                $"'{parameter.Name}' must be one {parameter.Kind.ToString().ToLowerInvariant()}, and the input has {value.Layout}.");
    }
}
