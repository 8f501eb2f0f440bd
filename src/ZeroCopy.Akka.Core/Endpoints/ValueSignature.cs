using System.Collections.Immutable;
using ZeroCopy.Tensors;

namespace ZeroCopy.Endpoints;

/// <summary>An input or output of a method.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">
/// Its type in TorchScript's words, such as <c>Tensor</c>, <c>int</c>, <c>List[Tensor]</c>. A number takes a tensor of one element, a text
/// (<c>str</c>) one that <see cref="NamedTensor.IsText"/>; the parts of a list, tuple or dictionary are inputs of their own, <c>name.0</c>
/// or <c>name.key</c>, and a list or dictionary of nothing is a tensor of shape [0].
/// </param>
/// <param name="DType">Element type; null for any, or where it is not known.</param>
/// <param name="Shape">Sizes of the dimensions, -1 where any is taken; default where not even their number is known.</param>
/// <param name="IsOptional">Whether an input may be left out, or an output may be missing.</param>
public sealed record ValueSignature(
    string Name, string Type = ValueSignature.Tensor, DType? DType = null, ImmutableArray<long> Shape = default, bool IsOptional = false)
{
    /// <summary>The type of a tensor.</summary>
    public const string Tensor = "Tensor";

    /// <summary>What it must be, such as <c>Tensor I64[-1, 8]</c>; the type alone where no more is known.</summary>
    public string Describe() => (DType, Shape.IsDefault) switch
    {
        (null, true) => Type,
        ({ } dtype, true) => $"{Type} {dtype.ToToken()}",
        (var dtype, false) => $"{Type} {dtype?.ToToken()}[{string.Join(", ", Shape)}]",
    };

    /// <summary>For example <c>mask: Tensor (optional)</c>.</summary>
    public override string ToString() => $"{Name}: {Describe()}{(IsOptional ? " (optional)" : "")}";
}
