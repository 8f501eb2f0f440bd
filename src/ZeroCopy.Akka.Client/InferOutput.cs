using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using ZeroCopy.Client.Memory;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client;

/// <summary>
/// An output of an answer: a tensor, row-major. Its elements lie in memory of the <see cref="InferResult"/>. Any number of threads may read
/// it at once, none beside the answer's disposal.
/// </summary>
public sealed class InferOutput
{
    private readonly ReadOnlyMemory<byte> _data;
    private readonly RentedMemory? _memory;

    /// <exception cref="InferenceServerException">The elements are not as many as the shape says.</exception>
    internal InferOutput(string name, Datatype datatype, ImmutableArray<long> shape, ReadOnlyMemory<byte> data, RentedMemory? memory)
    {
        RequireSize(name, datatype, shape, data.Length);
        if (datatype == Datatype.Bytes && ByteStrings.Decode(data)?.Count != TensorShape.Count(shape.AsSpan()))
        {
            throw InferenceServerException.NotProtocol($"output '{name}' has other strings than those of shape {TensorShape.Text(shape)}");
        }

        (Name, Datatype, Shape) = (name, datatype, shape);
        (_data, _memory) = (data, memory);
    }

    /// <summary>Requires of an output of that shape that it has so many bytes.</summary>
    /// <exception cref="InferenceServerException">It takes others, or there is no such shape.</exception>
    internal static void RequireSize(string name, Datatype datatype, ImmutableArray<long> shape, long bytes)
    {
        if (TensorShape.Count(shape.AsSpan()) is not { } count || count > long.MaxValue / sizeof(double))
        {
            throw InferenceServerException.NotProtocol($"output '{name}' has shape {TensorShape.Text(shape)}");
        }

        if (datatype != Datatype.Bytes && bytes != count * datatype.ElementSize())
        {
            throw InferenceServerException.NotProtocol(
                $"output '{name}' has {bytes} bytes, but {datatype.ToName()} of shape {TensorShape.Text(shape)} takes "
                + $"{count * datatype.ElementSize()}");
        }
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public Datatype Datatype { get; }

    /// <summary>Sizes of the dimensions, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>The elements, little-endian; valid until the answer is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The answer is disposed.</exception>
    public ReadOnlyMemory<byte> Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory?.IsReturned == true, typeof(InferResult));
            return _data;
        }
    }

    /// <summary>The elements without a copy; valid until the answer is disposed.</summary>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    /// <exception cref="ObjectDisposedException">The answer is disposed.</exception>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged =>
        DatatypeExtensions.Of<T>() == Datatype
            ? MemoryMarshal.Cast<byte, T>(Data.Span)
            : throw new InvalidOperationException($"Output '{Name}' is {Datatype.ToName()}, not {typeof(T).Name}.");

    /// <summary>The elements of an output of <see cref="Datatype.Bytes"/>, which lie in the answer's memory.</summary>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    /// <exception cref="ObjectDisposedException">The answer is disposed.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> Strings() => Datatype == Datatype.Bytes
        ? ByteStrings.Decode(Data)!
        : throw new InvalidOperationException($"Output '{Name}' is {Datatype.ToName()} and holds no strings.");

    /// <summary>The elements of an output of <see cref="Datatype.Bytes"/> as texts.</summary>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    /// <exception cref="ObjectDisposedException">The answer is disposed.</exception>
    public string[] Texts() => [.. Strings().Select(text => Encoding.UTF8.GetString(text.Span))];
}
