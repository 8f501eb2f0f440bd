using System.Collections.Immutable;
using ZeroCopy.Endpoints;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>A method that can be called, with the types of its inputs.</summary>
/// <param name="Signature">The method.</param>
/// <param name="Types">What each of its inputs must be.</param>
internal sealed record CallMethod(MethodSignature Signature, ImmutableArray<ScriptType> Types)
{
    public static CallMethod Of(MethodSignature signature) =>
        new(signature, [.. signature.Inputs.Select(input => ScriptType.Parse(input.Type))]);

    public ImmutableArray<ValueSignature> Inputs => Signature.Inputs;

    /// <summary>The inputs' names, for errors.</summary>
    public string Describe() => Inputs.IsEmpty
        ? "nothing"
        : string.Join(", ", Inputs.Select(input => $"'{input.Name}'{(input.IsOptional ? " (optional)" : "")}"));
}
