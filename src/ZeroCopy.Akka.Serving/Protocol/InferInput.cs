using System.Collections.Immutable;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Protocol;

/// <summary>An input as the request describes it.</summary>
/// <param name="Place">Where in the request it stands.</param>
/// <param name="Name">Its name.</param>
/// <param name="DType">Element type; null for <see cref="Datatype.Bytes"/>.</param>
/// <param name="Shape">Sizes of the dimensions, none negative.</param>
/// <param name="Count">Number of its elements.</param>
internal sealed record InferInput(FieldPlace Place, string Name, DType? DType, ImmutableArray<long> Shape, long Count)
{
    /// <summary>Its elements, where the request's text has them.</summary>
    public NamedTensor? Value { get; init; }

    /// <summary>Where it lies in shared memory; null where it does not.</summary>
    public RegionUse? Region { get; init; }

    /// <summary>Bytes that it has behind the JSON, where it lies nowhere else.</summary>
    public int BinarySize { get; init; }

    /// <summary>The bytes that a request says it has are those that type and shape take.</summary>
    /// <param name="size">The bytes.</param>
    /// <param name="told">How the request says so, for the message: <c>inputs[0] has a binary_data_size of 7</c>.</param>
    /// <exception cref="RequestException">They are not.</exception>
    public int RequireSize(long size, string told)
    {
        if (DType is not { } dtype)
        {
            return size >= sizeof(int) ? ToInt(size) : throw new RequestException(
                $"{told}, but a text takes its length of 4 bytes at least.");
        }

        var needed = Count * dtype.ElementSize();
        return size == needed ? ToInt(size) : throw new RequestException(
            $"{told}, but {Datatype.NameOf(dtype)} of shape {Shapes.Text(Shape)} takes {needed} bytes.");
    }

    /// <summary>It in shared memory.</summary>
    /// <exception cref="RequestException">It has another number of bytes there.</exception>
    public InferInput In(RegionUse region)
    {
        RequireSize(region.Size, $"{Place} has a shared_memory_byte_size of {region.Size}");
        return this with { Region = region };
    }

    /// <summary>Bytes of its elements in memory.</summary>
    /// <exception cref="RequestException">They are more than a tensor holds.</exception>
    public int ByteSize(DType dtype) => ToInt(Count * dtype.ElementSize());

    private int ToInt(long bytes) => bytes <= Array.MaxLength
        ? (int)bytes
        : throw new RequestException($"{Place} has {bytes} bytes; a tensor has {Array.MaxLength} at most.");
}
