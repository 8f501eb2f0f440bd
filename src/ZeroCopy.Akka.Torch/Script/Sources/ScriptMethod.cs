using System.Collections.Immutable;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Sources;

/// <summary>A method of a script as it can be called.</summary>
/// <param name="Parameters">Its arguments behind <c>self</c>.</param>
/// <param name="Types">Their types, named tuples as plain ones: their values are taken by position.</param>
/// <param name="Defaults">For each argument the source text of its default, null where it has none.</param>
/// <param name="Result">The type of its answer, named tuples as plain ones.</param>
internal sealed record ScriptMethod(
    ImmutableArray<ScriptParameter> Parameters, ImmutableArray<ScriptType> Types, ImmutableArray<string?> Defaults, ScriptType Result)
{
    // A few in each other stand for any number of types.
    private const int MaxNamedTuples = 1000;

    /// <summary>The methods of a class.</summary>
    /// <param name="syntax">The classes of the script.</param>
    /// <param name="type">The full name of the class.</param>
    /// <param name="path">Where the script is from, for errors.</param>
    /// <exception cref="InvalidModelException">
    /// A method takes or returns types that are nested too deeply, such as a named tuple that holds itself, or too many named tuples.
    /// </exception>
    public static Dictionary<string, ScriptMethod> AllOf(ScriptSyntax syntax, string type, string path) =>
        (syntax.Class(type)?.Methods ?? []).ToDictionary(
            method => method.Key, method => Of(method.Value, syntax, path), StringComparer.Ordinal);

    private static ScriptMethod Of(ScriptFunction function, ScriptSyntax syntax, string path)
    {
        var namedTuples = 0;

        // The first one is the module itself, whatever its name.
        var parameters = function.Parameters.Skip(1).Where(parameter => parameter.Type is not null).ToList();
        var types = parameters.ConvertAll(parameter => Plain(ScriptType.Parse(parameter.Type!), 1));
        return new ScriptMethod(
            [
                .. parameters.Zip(
                    types, (parameter, type) => new ScriptParameter(parameter.Name, type.ToString(), parameter.DefaultText is not null)),
            ],
            [.. types],
            [.. parameters.Select(parameter => parameter.DefaultText)],
            Plain(function.Result, 1));

        ScriptType Plain(ScriptType type, int depth)
        {
            ScriptNesting.RequireDepth(depth, path);
            if (syntax.Class(type.Name) is not { Base: "NamedTuple" } named)
            {
                return type with { Arguments = [.. type.Arguments.Select(argument => Plain(argument, depth + 1))] };
            }

            return ++namedTuples <= MaxNamedTuples
                ? new ScriptType("Tuple", [.. named.Fields.Select(field => Plain(named.Attributes[field], depth + 1))], type.Name)
                : throw new InvalidModelException(
                    $"{path}: {function.FullName} takes and returns more than {MaxNamedTuples} named tuples, each counted in every place "
                    + "where it stands.");
        }
    }
}
