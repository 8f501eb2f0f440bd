using System.Globalization;
using System.Text;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Names of the parts of a list, tuple or dictionary: <c>pair.0</c> and <c>pair.1</c> for a list or tuple, <c>words.left</c> for an entry
/// of a dictionary, levels joined by dots, as answers are named. In a key of a dictionary whose values have parts themselves a dot stands
/// behind a backslash, and so does a backslash.
/// </summary>
internal static class ArgumentParts
{
    /// <summary>Whether values of the type have parts.</summary>
    public static bool Has(ScriptType type) =>
        type.Name is "List" or "Tuple" or "Dict" || (type.Name == "Optional" && type.Arguments is [var some] && Has(some));

    /// <summary>Whether the parts of a value of the type may have parts.</summary>
    public static bool AreNested(ScriptType type) => type.Arguments.Any(Has);

    /// <summary>Names of two parts, for errors.</summary>
    public static string Example(ScriptType type, string name) => type.Name == "Dict" ? $"'{name}.KEY'" : $"'{name}.0', '{name}.1', …";

    /// <summary>The name of an entry of a dictionary of the type, behind the dictionary's own and a dot.</summary>
    public static string OfKey(ScriptType type, string key) =>
        AreNested(type) ? key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(".", "\\.", StringComparison.Ordinal) : key;

    /// <summary>The first level of a part's name, and the rest behind its dot; null where it has one level.</summary>
    public static (string First, string? Below) Split(ScriptType type, string part)
    {
        if (!AreNested(type))
        {
            return (part, null);
        }

        var first = new StringBuilder();
        for (var i = 0; i < part.Length; i++)
        {
            if (part[i] == '.')
            {
                return (first.ToString(), part[(i + 1)..]);
            }

            i += part[i] == '\\' && i + 1 < part.Length ? 1 : 0;
            first.Append(part[i]);
        }

        return (first.ToString(), null);
    }

    /// <summary>The type of a part; null where values of the type have no such one.</summary>
    public static ScriptType? TypeOf(ScriptType type, string part)
    {
        if (type.Name == "Optional" && type.Arguments is [var some])
        {
            return TypeOf(some, part);
        }

        if (!Has(type))
        {
            return null;
        }

        var (first, rest) = Split(type, part);
        var own = type.Name switch
        {
            "Dict" => type.Arguments[1],
            "List" => type.Arguments[0],
            _ => int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
                ? type.Arguments.ElementAtOrDefault(place) : null,
        };
        return rest is null || own is null ? own : TypeOf(own, rest);
    }
}
