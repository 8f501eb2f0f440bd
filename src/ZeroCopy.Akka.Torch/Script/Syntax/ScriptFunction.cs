using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>A function or method as its source text declares it.</summary>
/// <param name="FullName">Its name with its class and namespace.</param>
/// <param name="Parameters">Its parameters, <c>self</c> among them.</param>
/// <param name="Result">The type of its answer.</param>
/// <param name="Body">Its statements; null where they are not understood, see <paramref name="Problem"/>.</param>
/// <param name="Problem">Why they are not.</param>
internal sealed record ScriptFunction(
    string FullName, ImmutableArray<DeclaredParameter> Parameters, ScriptType Result, ImmutableArray<Statement>? Body, string? Problem);
