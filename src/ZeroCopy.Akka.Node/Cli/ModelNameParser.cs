using System.CommandLine.Parsing;
using ZeroCopy.Manifests;

namespace ZeroCopy.Node.Cli;

/// <summary>
/// Names of models on the command line. What is none is wrong syntax; a version outside of its range is refused when the command runs.
/// </summary>
internal static class ModelNameParser
{
    /// <summary>Reads an argument, or the value of an option; null where it is no name.</summary>
    public static string? Parse(ArgumentResult result) => Parse(result, result.Tokens[0].Value);

    /// <summary>One for each time that the option is given.</summary>
    public static string[] ParseAll(ArgumentResult result) =>
        [.. result.Tokens.Select(token => Parse(result, token.Value)).OfType<string>()];

    /// <summary>The name that a text is.</summary>
    /// <param name="text">The text.</param>
    /// <param name="otherwise">What a text of another form is.</param>
    /// <exception cref="OptionException">Its version is out of range.</exception>
    /// <exception cref="UsageException">It has not the form of a name.</exception>
    public static ModelName Name(string text, string otherwise = "not a model name such as bert or bert@3") =>
        ModelName.TryParse(text, out var name) ? name
            : HasVersionOutOfRange(text) ? throw new OptionException($"The version of '{text}' must be 1 to {int.MaxValue}.")
            : throw new UsageException($"'{text}' is {otherwise}.");

    private static string? Parse(ArgumentResult result, string text)
    {
        if (ModelName.TryParse(text, out _) || HasVersionOutOfRange(text))
        {
            return text;
        }

        result.AddError(
            $"'{text}' is not a model name: up to {ModelName.MaxLength} letters a to z or A to Z, digits, '.', '_' or '-', "
            + "and optionally '@' with a version counted from 1, such as bert@3.");
        return null;
    }

    /// <summary>Whether a text, which is no name, has the form of one with a version.</summary>
    private static bool HasVersionOutOfRange(string text) =>
        text.Split('@') is [var name, { Length: > 0 } version] && ModelName.TryParse(name, out _) && version.All(char.IsAsciiDigit)
        && (version == "0" || version[0] != '0');
}
