using System.Globalization;

namespace ZeroCopy.Node.Cli;

/// <summary>Sizes for people: <c>417.6 MiB</c>.</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Text(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        while (Math.Abs(value) >= 1024 && unit < Units.Length - 1)
        {
            (value, unit) = (value / 1024, unit + 1);
        }

        return unit == 0 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{value:F1} {Units[unit]}");
    }
}
