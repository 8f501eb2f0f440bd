using System.Collections.Immutable;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// What is known of a method's outputs by the type of its result, named as <see cref="NamedAnswer"/> names them.
/// </summary>
internal static class OutputSignatures
{
    // .NET's value tuples nest behind that many items, and nothing takes those apart.
    private const int LongestTuple = 7;

    /// <summary>The outputs; empty where only a run tells them, as with lists and dictionaries.</summary>
    public static ImmutableArray<ValueSignature> Of(ScriptType? result) => result?.Name switch
    {
        null or "NoneType" or "List" or "Dict" => [],
        "Tuple" => [.. result.Arguments.Select((part, index) => Of($"output_{index}", part))],
        _ when result.IsData || result.Name == "number" => [Of("output", result)],
        _ => [],
    };

    /// <summary>
    /// Whether calls of a method may be joined: a tensor of its inputs has rows, none is known to have another number of rows than any,
    /// and its result can be taken apart.
    /// </summary>
    public static bool AreJoined(IReadOnlyCollection<ValueSignature> inputs, ScriptType? result) =>
        inputs.Any(input => HasTensor(ScriptType.Parse(input.Type))) && inputs.All(input => input.Shape is { IsDefault: true } or [-1, ..])
        && (result is null || IsOfTensors(result));

    private static bool HasTensor(ScriptType type) => type.Name == "Tensor" || type.Arguments.Any(HasTensor);

    private static bool IsOfTensors(ScriptType result) => result.Name switch
    {
        "Tensor" => true,
        "Optional" or "List" => IsOfTensors(result.Arguments[0]),
        "Dict" => IsOfTensors(result.Arguments[1]),
        "Tuple" => result.Arguments.Length is > 0 and <= LongestTuple && result.Arguments.All(IsOfTensors),
        _ => false,
    };

    private static ValueSignature Of(string name, ScriptType type) => type.Name switch
    {
        "int" => new ValueSignature(name, type.Name, DType.Int64, []),
        "float" => new ValueSignature(name, type.Name, DType.Float64, []),
        "bool" => new ValueSignature(name, type.Name, DType.Bool, []),
        "complex" => new ValueSignature(name, type.Name, DType.Complex128, []),
        _ => new ValueSignature(name, type.ToString(), IsOptional: type.Name is "Optional" or "NoneType"),
    };
}
