using System.Collections.Immutable;
using System.Text;
using ZeroCopy.Tensors;

namespace ZeroCopy;

/// <summary>
/// An input or output of a call: a tensor with a name, a text, or nothing. Immutable as long as nobody writes to the tensor's memory.
/// </summary>
/// <param name="Name">
/// Name of the argument or output, or of a part of it (<c>name.0</c> of a list, <c>name.key</c> of a dictionary); empty where position
/// alone counts.
/// </param>
/// <param name="Tensor">Its elements.</param>
public sealed record NamedTensor(string Name, HostTensor Tensor)
{
    /// <summary>Element type.</summary>
    public DType DType => Tensor.Layout.DType;

    /// <summary>Sizes of the dimensions, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape => Tensor.Layout.Shape;

    /// <summary>The elements, row-major and little-endian.</summary>
    public ReadOnlyMemory<byte> Data => Tensor.Data;

    /// <summary>Whether the elements are the UTF-8 bytes of one text: element type U8, one dimension.</summary>
    public bool IsText { get; private init; }

    /// <summary>
    /// Whether it stands for nothing, <c>None</c> in Python: what is given for an optional input instead of a value. One that is left out
    /// has its default instead.
    /// </summary>
    public bool IsNone { get; private init; }

    /// <summary>Nothing, for an optional input whose default is something. Its tensor has no elements.</summary>
    public static NamedTensor OfNone(string name) =>
        new(name, new HostTensor(new TensorLayout(DType.UInt8, 0), ReadOnlyMemory<byte>.Empty)) { IsNone = true };

    /// <summary>A text, for a model that takes or returns one.</summary>
    public static NamedTensor OfText(string name, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = Encoding.UTF8.GetBytes(text);
        return new NamedTensor(name, new HostTensor(new TensorLayout(DType.UInt8, bytes.Length), bytes)) { IsText = true };
    }

    /// <summary>The text of one that <see cref="IsText"/>.</summary>
    /// <exception cref="InvalidOperationException">It is a tensor.</exception>
    public string ToText() => IsText
        ? Encoding.UTF8.GetString(Data.Span)
        : throw new InvalidOperationException($"'{Name}' is a tensor {Tensor.Layout}, not a text.");
}
