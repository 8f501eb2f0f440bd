using System.Numerics;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Predict;

/// <summary>A tensor as an argument: itself, its one element as a number, or its rows as a list or tuple of numbers.</summary>
internal sealed class TensorInput(HostTensor tensor) : InputValue
{
    protected override object? Convert(ScriptType type, string name) => type.Name switch
    {
        "Tensor" => tensor.Layout.DType.IsInTorch()
            ? tensor
            : throw new InputMismatchException(
                $"'{name}' is {tensor.Layout.DType.ToToken()}, a type that libtorch has no tensors of; convert it to another one."),
        // Numbers convert to others by themselves, so the object has to be said.
        "int" => (object)Element(type, name, IsInteger).to(ScalarType.Int64).item<long>(),
        "float" => Element(type, name, IsReal).to(ScalarType.Float64).item<double>(),
        "bool" => Element(type, name, tensor.Layout.DType == DType.Bool).item<bool>(),
        "complex" => Element(type, name, IsReal || IsComplex).to(ScalarType.ComplexFloat64).item<Complex>(),
        "number" => Convert(ScriptType.Parse(IsInteger ? "int" : "float"), name),
        "List" => Rows(type, name).Select(row => row.As(type.Arguments[0], name)).ToList(),
        "Tuple" when tensor.Layout.Shape is [var count, ..] && count == type.Arguments.Length =>
            Rows(type, name).Zip(type.Arguments, (row, part) => row.As(part, name)).ToArray(),
        _ => throw Mismatch(type, name),
    };

    private bool IsInteger =>
        tensor.Layout.DType is DType.UInt8 or DType.Int8 or DType.UInt16 or DType.Int16 or DType.UInt32 or DType.Int32 or DType.Int64
        || (tensor.Layout.DType == DType.UInt64 && tensor.Values<ulong>() is [<= long.MaxValue]);

    private bool IsReal => tensor.Layout.DType.IsInTorch() && tensor.Layout.DType != DType.Bool && !IsComplex;

    private bool IsComplex => tensor.Layout.DType is DType.Complex64 or DType.Complex128;

    private Tensor Element(ScriptType type, string name, bool fits) =>
        fits && tensor.Layout.ElementCount == 1 ? tensor.ToTorch().reshape() : throw Mismatch(type, name);

    private IEnumerable<TensorInput> Rows(ScriptType type, string name)
    {
        if (tensor.Layout.Shape.IsEmpty || type.Arguments.Any(part => part.Name == "Tensor"))
        {
            throw Mismatch(type, name);
        }

        var row = new TensorLayout(tensor.Layout.DType, tensor.Layout.Shape.AsSpan()[1..]);
        return Enumerable.Range(0, (int)tensor.Layout.Shape[0]).Select(
            index => new TensorInput(new HostTensor(row, tensor.Data.Slice((int)(index * row.ByteLength), (int)row.ByteLength))));
    }

    private InputMismatchException Mismatch(ScriptType type, string name) => new(
        $"'{name}' must be {type}, and the input has {tensor.Layout}."
        + (type.Name is "List" or "Tuple" or "Dict" ? $" Call its parts {PartInput.Example(type, name)}, or give it in JSON." : ""));
}
