using ZeroCopy.Endpoints;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Node.Predict;

/// <summary>What a file gives to a call.</summary>
/// <param name="Values">Each value once by its name; one without has an empty one.</param>
/// <param name="IsOrdered">
/// Whether their order is that of whoever gave them; a <c>.safetensors</c> file has them in the order that suits its writer.
/// </param>
internal sealed record CallInputs(IReadOnlyList<NamedValue<InputValue>> Values, bool IsOrdered)
{
    public static CallInputs None { get; } = new([], IsOrdered: true);

    /// <summary>The inputs of a method, by their names.</summary>
    /// <exception cref="InputMismatchException">
    /// A value has no argument, an argument has no value, or a value is not of its argument's type.
    /// </exception>
    public IReadOnlyList<NamedTensor> For(MethodSignature signature)
    {
        var method = CallMethod.Of(signature);
        return
        [
            .. ArgumentBinder.Assign(method, Values, IsOrdered).SelectMany((parts, index) => parts.SelectMany(part => part.Name.Length == 0
                ? part.Value.ToInputs(method.Inputs[index].Name, method.Types[index])
                : part.Value.ToInputs($"{method.Inputs[index].Name}.{part.Name}", ArgumentParts.TypeOf(method.Types[index], part.Name)))),
        ];
    }
}
