namespace ZeroCopy.Node.Predict;

/// <summary>What is given to a call.</summary>
/// <param name="Values">Each value once by its name.</param>
/// <param name="IsOrdered">
/// Whether their order is that of whoever gave them; a <c>.safetensors</c> file has them in the order that suits its writer.
/// </param>
internal sealed record CallInputs(IReadOnlyList<NamedInput> Values, bool IsOrdered)
{
    public static CallInputs None { get; } = new([], IsOrdered: true);
}
