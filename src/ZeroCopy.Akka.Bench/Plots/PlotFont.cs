namespace ZeroCopy.Bench.Plots;

/// <summary>The font of plots: what the system has of the usual ones without serifs.</summary>
internal static class PlotFont
{
    private static readonly string[] Usual = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica", "Segoe UI"];

    /// <summary>The family to draw with, of those that are installed.</summary>
    /// <exception cref="InvalidOperationException">There is none: text would be left out without a word.</exception>
    public static string Among(IReadOnlyCollection<string> installed) =>
        Usual.FirstOrDefault(name => installed.Contains(name, StringComparer.OrdinalIgnoreCase)) ?? installed.FirstOrDefault()
        ?? throw new InvalidOperationException(
            "There is no font to label plots with. Install one, on Debian by: apt-get install fonts-dejavu-core");
}
