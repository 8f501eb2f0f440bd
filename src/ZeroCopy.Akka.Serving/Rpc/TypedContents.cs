using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Rpc;

/// <summary>Reads the elements of an input that are a list of the message.</summary>
internal static class TypedContents
{
    /// <exception cref="RequestException">They are not as many as the shape says, or not of the input's type.</exception>
    public static NamedTensor Read(InferTensorContents contents, InferInput input)
    {
        var elements = contents.BoolContents.Count + contents.IntContents.Count + contents.Int64Contents.Count
            + contents.UintContents.Count + contents.Uint64Contents.Count + contents.Fp32Contents.Count + contents.Fp64Contents.Count
            + contents.BytesContents.Count;
        var bytes = input.DType switch
        {
            DType.Bool => Elements<bool, byte>(contents.BoolContents, "bool_contents", element => element ? (byte)1 : (byte)0),
            DType.Int8 => Narrowed<int, sbyte>(contents.IntContents, "int_contents"),
            DType.Int16 => Narrowed<int, short>(contents.IntContents, "int_contents"),
            DType.Int32 => Narrowed<int, int>(contents.IntContents, "int_contents"),
            DType.Int64 => Narrowed<long, long>(contents.Int64Contents, "int64_contents"),
            DType.UInt8 => Narrowed<uint, byte>(contents.UintContents, "uint_contents"),
            DType.UInt16 => Narrowed<uint, ushort>(contents.UintContents, "uint_contents"),
            DType.UInt32 => Narrowed<uint, uint>(contents.UintContents, "uint_contents"),
            DType.UInt64 => Narrowed<ulong, ulong>(contents.Uint64Contents, "uint64_contents"),
            DType.Float32 => Narrowed<float, float>(contents.Fp32Contents, "fp32_contents"),
            DType.Float64 => Narrowed<double, double>(contents.Fp64Contents, "fp64_contents"),
            null => null,
            { } dtype => throw new RequestException(
                $"{input.Place} has contents, which cannot hold {Datatype.NameOf(dtype)}: such elements come in raw_input_contents."),
        };
        if (bytes is not null)
        {
            return new NamedTensor(input.Name, new HostTensor(new TensorLayout(input.DType!.Value, input.Shape.AsSpan()), bytes));
        }

        Require(contents.BytesContents.Count, "bytes_contents");
        return NamedTensor.OfText(input.Name, BinaryTensor.Decode(contents.BytesContents[0].Span, input.Name));

        byte[] Narrowed<TField, TElement>(RepeatedField<TField> list, string field)
            where TField : struct, INumber<TField>
            where TElement : unmanaged, INumber<TElement>
        {
            return Elements<TField, TElement>(list, field, element =>
            {
                var value = TElement.CreateTruncating(element);
                return TField.CreateTruncating(value) == element || TField.IsNaN(element) ? value : throw new RequestException(
                    $"{input.Place}.contents.{field} has {element}, which {Datatype.NameOf(input.DType!.Value)} does not hold.");
            });
        }

        byte[] Elements<TField, TElement>(RepeatedField<TField> list, string field, Func<TField, TElement> convert)
            where TElement : unmanaged
        {
            Require(list.Count, field);
            var bytes = new byte[input.ByteSize(input.DType!.Value)];
            var elements = MemoryMarshal.Cast<byte, TElement>(bytes.AsSpan());
            for (var at = 0; at < list.Count; at++)
            {
                elements[at] = convert(list[at]);
            }

            return bytes;
        }

        void Require(int count, string field)
        {
            if (count != input.Count)
            {
                throw new RequestException(
                    $"{input.Place}.contents.{field} has {count} elements, but shape {Shapes.Text(input.Shape)} has {input.Count}.");
            }

            if (count != elements)
            {
                throw new RequestException($"{input.Place}.contents has elements in other lists than {field}, that of its datatype.");
            }
        }
    }
}
