using System.Globalization;
using System.Text.RegularExpressions;

namespace ZeroCopy.Node.TensorFiles;

/// <summary>The dictionary at the head of a <c>.npy</c> file, a Python literal with three fixed keys.</summary>
/// <param name="Description">NumPy's type, or the text of whatever stands there instead.</param>
/// <param name="FortranOrder">Whether the first dimension runs fastest.</param>
/// <param name="Shape">Sizes of the dimensions.</param>
internal sealed partial record NpyHeader(string Description, bool FortranOrder, long[] Shape)
{
    /// <summary>Reads the dictionary; null where it is not of the fixed form.</summary>
    public static NpyHeader? TryParse(string text)
    {
        var type = TypePattern().Match(text);
        var order = OrderPattern().Match(text);
        var shape = ShapePattern().Match(text);
        if (!type.Success || !order.Success || !shape.Success)
        {
            return null;
        }

        var sizes = new List<long>();
        foreach (var size in shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // Python 2 wrote long integers with an L behind them.
            if (!long.TryParse(size.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed))
            {
                return null;
            }

            sizes.Add(parsed);
        }

        return new NpyHeader(
            type.Groups[1].Success ? type.Groups[1].Value : type.Groups[2].Value, order.Groups[1].Value == "True", [.. sizes]);
    }

    [GeneratedRegex(@"'descr'\s*:\s*(?:'([^']*)'|(\[[^\]]*\]))")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(True|False)")]
    private static partial Regex OrderPattern();

    [GeneratedRegex(@"'shape'\s*:\s*\(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
