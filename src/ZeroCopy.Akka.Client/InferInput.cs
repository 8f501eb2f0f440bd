using System.Collections.Immutable;
using ZeroCopy.Client.Memory;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client;

/// <summary>
/// An input of a request: a tensor, row-major. Its elements are sent from where they lie, so the memory stays as it is until the call has
/// ended. An input may be used by many calls, also at a time.
/// </summary>
public sealed class InferInput
{
    private InferInput(string name, Datatype datatype, long[] shape, long elements, ReadOnlyMemory<byte> data)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        (Name, Datatype, Shape, Data) = (name, datatype, [.. shape], data);
        if (TensorShape.Count(shape) is not { } count)
        {
            throw new ArgumentException($"The shape of input '{name}' is {TensorShape.Text(Shape)}: no size is negative.", nameof(shape));
        }

        if (count != elements)
        {
            throw new ArgumentException(
                $"Input '{name}' has {elements} elements, but shape {TensorShape.Text(Shape)} has {count}.", nameof(shape));
        }
    }

    /// <summary>Name of the model's input.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public Datatype Datatype { get; }

    /// <summary>Sizes of the dimensions, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>The elements as the binary tensor extension sends them.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Where the elements lie in shared memory, so that they are not sent; null where they are sent.</summary>
    public SharedMemorySlice? SharedMemory { get; private init; }

    /// <summary>An input whose elements are sent from the memory itself.</summary>
    /// <param name="name">Name of the model's input.</param>
    /// <param name="values">
    /// The elements: <see cref="bool"/>, a whole number of 8 to 64 bits, <see cref="Half"/>, <see cref="BFloat16"/>, <see cref="float"/>
    /// or <see cref="double"/>.
    /// </param>
    /// <param name="shape">Sizes of the dimensions, outermost first.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements, or the name is empty.</exception>
    /// <exception cref="NotSupportedException">The protocol has no such element type.</exception>
    public static InferInput Of<T>(string name, ReadOnlyMemory<T> values, params long[] shape)
        where T : unmanaged =>
        new(name, DatatypeExtensions.Of<T>(), shape, values.Length, BytesOf<T>.View(values));

    /// <summary>An input with an array's elements, which are sent from the array itself.</summary>
    /// <inheritdoc cref="Of{T}(string, ReadOnlyMemory{T}, long[])"/>
    public static InferInput Of<T>(string name, T[] values, params long[] shape)
        where T : unmanaged =>
        Of(name, new ReadOnlyMemory<T>(values), shape);

    /// <summary>An input with a copy of the elements, for those that do not stay where they are until the call has ended.</summary>
    /// <inheritdoc cref="Of{T}(string, ReadOnlyMemory{T}, long[])"/>
    public static InferInput CopyOf<T>(string name, ReadOnlySpan<T> values, params long[] shape)
        where T : unmanaged =>
        Of(name, new ReadOnlyMemory<T>(values.ToArray()), shape);

    /// <summary>An input of bytes that are elements of the given type already, little-endian.</summary>
    /// <exception cref="ArgumentException">
    /// The bytes are not as many as type and shape say, or no elements of <see cref="Datatype.Bytes"/>; or the name is empty.
    /// </exception>
    public static InferInput OfBytes(string name, Datatype datatype, ReadOnlyMemory<byte> data, params long[] shape)
    {
        var size = datatype.ElementSize();
        if (size == 0)
        {
            var strings = ByteStrings.Decode(data) ?? throw new ArgumentException(
                $"The bytes of input '{name}' are no strings, each behind its length of four bytes.", nameof(data));
            return new InferInput(name, datatype, shape, strings.Count, data);
        }

        return data.Length % size == 0
            ? new InferInput(name, datatype, shape, data.Length / size, data)
            : throw new ArgumentException(
                $"Input '{name}' has {data.Length} bytes, but an element of {datatype.ToName()} takes {size}.", nameof(data));
    }

    /// <summary>
    /// An input that is not sent: its elements lie in a region that the server has registered, and stay there until the call has ended.
    /// </summary>
    /// <inheritdoc cref="OfBytes"/>
    public static InferInput InSharedMemory(string name, Datatype datatype, SharedMemorySlice slice, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(slice);
        var input = OfBytes(name, datatype, slice.Memory, shape);
        return new InferInput(name, datatype, shape, TensorShape.Count(shape)!.Value, input.Data) { SharedMemory = slice };
    }

    /// <summary>An input of texts, <see cref="Datatype.Bytes"/>; without a shape it has one dimension.</summary>
    /// <inheritdoc cref="Of{T}(string, ReadOnlyMemory{T}, long[])"/>
    public static InferInput OfTexts(string name, ReadOnlySpan<string> texts, params long[] shape) =>
        new(name, Datatype.Bytes, shape.Length == 0 ? [texts.Length] : shape, texts.Length, ByteStrings.Encode(texts));

    /// <summary>An input of one text, of shape [1].</summary>
    public static InferInput OfText(string name, string text) => OfTexts(name, [text]);

    /// <summary>An input of strings of bytes, <see cref="Datatype.Bytes"/>, such as encoded images; without a shape it has one
    /// dimension. The bytes are copied.</summary>
    /// <inheritdoc cref="Of{T}(string, ReadOnlyMemory{T}, long[])"/>
    public static InferInput OfStrings(string name, ReadOnlySpan<ReadOnlyMemory<byte>> strings, params long[] shape) =>
        new(name, Datatype.Bytes, shape.Length == 0 ? [strings.Length] : shape, strings.Length, ByteStrings.Encode(strings));
}
