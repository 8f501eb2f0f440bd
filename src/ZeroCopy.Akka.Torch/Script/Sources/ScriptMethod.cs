using System.Collections.Immutable;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Sources;

/// <summary>A method of a script as its source text declares it.</summary>
/// <param name="Parameters">Its arguments behind <c>self</c>.</param>
/// <param name="Types">Their types.</param>
/// <param name="Defaults">For each argument the source text of its default, null where it has none.</param>
/// <param name="Result">The type of its answer, named tuples as plain ones.</param>
internal sealed record ScriptMethod(
    ImmutableArray<ScriptParameter> Parameters, ImmutableArray<ScriptType> Types, ImmutableArray<string?> Defaults, ScriptType Result);
