using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Predict;

/// <summary>Between tensors in managed memory and torch's.</summary>
internal static class TorchTensors
{
    /// <summary>An argument as the model takes it: a tensor, or the one element of it as a number.</summary>
    /// <exception cref="InputMismatchException">The model wants one number, and the tensor is none.</exception>
    public static object? Argument(CallParameter parameter, HostTensor? value) => value is null ? null : parameter.Kind switch
    {
        // Numbers convert to tensors by themselves, so one arm has to say that the answer is an object.
        ArgumentKind.Tensor => (object)ToTorch(value),
        ArgumentKind.Integer => Scalar(parameter, value).to(ScalarType.Int64).item<long>(),
        ArgumentKind.Number => Scalar(parameter, value).to(ScalarType.Float64).item<double>(),
        ArgumentKind.Boolean => Scalar(parameter, value).to(ScalarType.Bool).item<bool>(),
        _ => throw new InputMismatchException(
            $"'{parameter.Name}' is neither a tensor nor a number, so a file cannot give it; call the model from C#."),
    };

    public static Tensor ToTorch(HostTensor value)
    {
        var result = empty([.. value.Layout.Shape], dtype: value.Layout.DType.ToScalarType());
        if (value.Data.Length > 0)
        {
            var elements = value.Data.ToArray();
            if (value.Layout.DType == DType.Bool)
            {
                // Files hold any byte for true, as Python does; libtorch computes with the byte and wants a 1.
                for (var i = 0; i < elements.Length; i++)
                {
                    elements[i] = elements[i] == 0 ? (byte)0 : (byte)1;
                }
            }

            result.bytes = elements;
        }

        return result;
    }

    /// <summary>A copy on the host, row-major.</summary>
    /// <exception cref="InputMismatchException">The element type is one that files here do not have.</exception>
    public static HostTensor ToHost(Tensor value)
    {
        DType dtype;
        try
        {
            dtype = value.dtype.ToDType();
        }
        catch (NotSupportedException exception)
        {
            throw new InputMismatchException(
                $"The model answered with elements of type {value.dtype}, which no file here can hold; call it from C#.", exception);
        }

        using var scope = NewDisposeScope();
        var contiguous = value.detach().cpu().resolve_conj().resolve_neg().contiguous();
        return new HostTensor(
            new TensorLayout(dtype, contiguous.shape),
            contiguous.numel() == 0 ? Array.Empty<byte>() : contiguous.bytes.ToArray());
    }

    private static Tensor Scalar(CallParameter parameter, HostTensor value)
    {
        var fits = parameter.Kind switch
        {
            ArgumentKind.Integer => value.Layout.DType is DType.UInt8 or DType.Int8 or DType.Int16 or DType.Int32 or DType.Int64,
            ArgumentKind.Boolean => value.Layout.DType == DType.Bool,
            _ => value.Layout.DType is not (DType.Bool or DType.Complex64 or DType.Complex128),
        };
        return fits && value.Layout.ElementCount == 1
            ? ToTorch(value)
            : throw new InputMismatchException(
                $"'{parameter.Name}' must be one {parameter.Kind.ToString().ToLowerInvariant()}, and the input has {value.Layout}.");
    }
}
