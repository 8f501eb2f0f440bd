namespace ZeroCopy.Node.Cli;

/// <summary>Text that files bring, such as names and metadata, on its way to a terminal, which it must not steer.</summary>
internal static class PlainText
{
    /// <summary>
    /// The text with an escape in the place of each control character and of each character that turns the reading direction.
    /// </summary>
    public static string Of(string text) =>
        text.Any(Steers) ? string.Concat(text.Select(c => Steers(c) ? $"\\u{(int)c:x4}" : c.ToString())) : text;

    // Source of the second kind: Unicode Standard Annex 9, explicit formatting characters and line separators.
    private static bool Steers(char c) =>
        char.IsControl(c) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029';
}
