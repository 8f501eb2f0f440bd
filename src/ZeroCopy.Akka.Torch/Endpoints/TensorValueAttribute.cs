using System.Collections.Immutable;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// What a tensor of a model's method is, where its .NET type does not say it: the signature has it, and a call with another one is refused
/// before the model runs. On a parameter for an input, on the return value for the one output, or for each output by its name.
/// </summary>
/// <example><c>[return: TensorValue(DType.Float32, -1, 10)] public override Tensor forward([TensorValue(DType.Float32, -1, 64)] Tensor
/// input)</c></example>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue, AllowMultiple = true)]
public sealed class TensorValueAttribute : Attribute
{
    /// <summary>A tensor of any element type.</summary>
    /// <param name="shape">Sizes of its dimensions, -1 where any is taken.</param>
    public TensorValueAttribute(params long[] shape) => Shape = [.. shape];

    /// <summary>A tensor of one element type.</summary>
    /// <param name="dtype">Its element type.</param>
    /// <param name="shape">Sizes of its dimensions, -1 where any is taken; none where not even their number is known.</param>
    public TensorValueAttribute(DType dtype, params long[] shape)
    {
        DType = dtype;
        Shape = shape.Length == 0 ? default : [.. shape];
    }

    /// <summary>The element type; null for any.</summary>
    public DType? DType { get; }

    /// <summary>Sizes of the dimensions; default where not even their number is known.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>
    /// The output, where a method has several: a dictionary's key, or <c>output_0</c> and so on; null for the one there is.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Whether the output may be missing from an answer. Of an input its parameter's default says it.</summary>
    public bool IsOptional { get; init; }
}
