using System.Globalization;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>Keys of dictionaries, which names write as texts.</summary>
internal static class ScriptKeys
{
    /// <exception cref="InputMismatchException">The text is no key of the type.</exception>
    public static object Parse(ScriptType type, string text, string name) => type.Name switch
    {
        "str" => text,
        "int" when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        "float" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        "bool" when bool.TryParse(text, out var flag) => flag,
        _ => throw new InputMismatchException($"'{text}' is no key of '{name}', whose keys are {type}."),
    };
}
