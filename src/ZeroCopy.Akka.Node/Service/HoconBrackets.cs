namespace ZeroCopy.Node.Service;

/// <summary>Whether every bracket of a HOCON text has its other half, outside strings and comments.</summary>
internal static class HoconBrackets
{
    /// <summary>What is wrong; null for nothing.</summary>
    public static string? Problem(ReadOnlySpan<char> text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '\n':
                    line++;
                    break;
                case '#':
                case '/' when text[at..].StartsWith("//"):
                    at += Length(text[at..], "\n") - 1;
                    break;
                case '"' when text[at..].StartsWith("\"\"\""):
                    var quoted = text.Slice(at, Math.Min(text.Length - at, 3 + Length(text[(at + 3)..], "\"\"\"") + 3));
                    line += quoted.Count('\n');
                    at += quoted.Length - 1;
                    break;
                case '"':
                    at += StringLength(text[at..]) - 1;
                    break;
                case '{' or '[':
                    open.Push((text[at], line));
                    break;
                case '}' or ']' when open.Count == 0 || open.Pop().Bracket != (text[at] == '}' ? '{' : '['):
                    return $"'{text[at]}' in line {line} closes nothing";
            }
        }

        return open.TryPop(out var last) ? $"'{last.Bracket}' in line {last.Line} is not closed" : null;
    }

    private static int Length(ReadOnlySpan<char> text, string end) => text.IndexOf(end) is >= 0 and var length ? length : text.Length;

    private static int StringLength(ReadOnlySpan<char> text)
    {
        var at = 1;
        while (at < text.Length && text[at] is not ('"' or '\n'))
        {
            at += text[at] == '\\' ? 2 : 1;
        }

        return at < text.Length && text[at] == '"' ? at + 1 : Math.Min(at, text.Length);
    }
}
