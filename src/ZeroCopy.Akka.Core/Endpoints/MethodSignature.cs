using System.Collections.Immutable;

namespace ZeroCopy.Endpoints;

/// <summary>A method of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Inputs">Its inputs in their order.</param>
/// <param name="Outputs">Its outputs in their order; empty where they are not known before it runs.</param>
/// <param name="IsBatchable">Whether rows of several calls may be joined along the first dimension to one call.</param>
public sealed record MethodSignature(
    string Name, ImmutableArray<ValueSignature> Inputs, ImmutableArray<ValueSignature> Outputs, bool IsBatchable = false)
{
    /// <summary>For example <c>forward(input_ids: Tensor I64[-1, -1], mask: Tensor (optional)) -> (output: Tensor)</c>.</summary>
    public override string ToString() =>
        $"{Name}({string.Join(", ", Inputs)}){(Outputs.IsEmpty ? "" : $" -> ({string.Join(", ", Outputs)})")}";
}
