using System.Globalization;
using System.Text.RegularExpressions;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>The dictionary at the head of a <c>.npy</c> file, a Python literal with three fixed keys.</summary>
/// <param name="Description">NumPy's type, or the text of whatever stands there instead.</param>
/// <param name="FortranOrder">Whether the first dimension runs fastest.</param>
/// <param name="Shape">Sizes of the dimensions.</param>
internal sealed partial record NpyHeader(string Description, bool FortranOrder, long[] Shape)
{
    private static readonly string[] Keys = ["type", "order", "shape"];

    /// <summary>Reads the dictionary; null where it is not of the fixed form: those three keys, each once.</summary>
    public static NpyHeader? TryParse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success || Keys.Any(key => match.Groups[key].Captures.Count != 1))
        {
            return null;
        }

        var sizes = new List<long>();
        foreach (var size in match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // Python 2 wrote long integers with an L behind them.
            if (!long.TryParse(size.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed))
            {
                return null;
            }

            sizes.Add(parsed);
        }

        return new NpyHeader(match.Groups["type"].Value.Trim('\''), match.Groups["order"].Value == "True", [.. sizes]);
    }

    [GeneratedRegex(
        """
        ^\{[ ]*
        (?:
            (?: 'descr'[ ]*:[ ]*(?<type>'[^']*'|\[[^\]]*\])
              | 'fortran_order'[ ]*:[ ]*(?<order>True|False)
              | 'shape'[ ]*:[ ]*\((?<shape>[0-9L,\ ]*)\) )
            [ ]*(?:,[ ]*|(?=\}))
        )*
        \}[ ]*\n?$
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Pattern();
}
