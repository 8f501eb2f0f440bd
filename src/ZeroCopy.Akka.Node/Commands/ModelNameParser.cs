using System.CommandLine.Parsing;
using ZeroCopy.Manifests;

namespace ZeroCopy.Node.Commands;

/// <summary>Reads a model name from the command line, so that a wrong one is a usage error.</summary>
internal static class ModelNameParser
{
    public static ModelName Parse(ArgumentResult result) => Parse(result, result.Tokens[0].Value);

    /// <summary>One for each time that the option is given.</summary>
    public static ModelName[] ParseAll(ArgumentResult result) => [.. result.Tokens.Select(token => Parse(result, token.Value))];

    private static ModelName Parse(ArgumentResult result, string text)
    {
        if (!ModelName.TryParse(text, out var name))
        {
            result.AddError(
                $"'{text}' is not a model name: up to {ModelName.MaxLength} letters a to z or A to Z, digits, '.', '_' or '-', "
                + "and optionally '@' with a version counted from 1, such as bert@3.");
        }

        return name;
    }
}
