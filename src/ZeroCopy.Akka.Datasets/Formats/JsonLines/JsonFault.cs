namespace ZeroCopy.Datasets.Formats.JsonLines;

/// <summary>Why a text is no JSON, in one line.</summary>
internal static class JsonFault
{
    /// <summary>
    /// The reader's own reason, such as brackets that are left open or the depth that is exceeded, with how to write numbers that JSON has
    /// not where the text has some.
    /// </summary>
    public static string Of(Exception error, ReadOnlySpan<byte> text)
    {
        if (text.Trim(" \t\r\n"u8).IsEmpty)
        {
            return "it is empty";
        }

        // The reader puts its places behind its reason, counted from 0.
        var reason = error.Message.Split(" LineNumber:")[0].TrimEnd('.');
        var numbers = text.IndexOf("NaN"u8) >= 0 || text.IndexOf("Infinity"u8) >= 0
            ? "; write not-a-number and infinities as the strings \"NaN\", \"Infinity\", \"-Infinity\""
            : "";
        return $"it is not JSON: {reason}{numbers}";
    }
}
