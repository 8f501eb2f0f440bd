namespace ZeroCopy.Node.Service;

/// <summary>HOCON as it is written, before Akka's parser reads it.</summary>
internal static class HoconText
{
    /// <summary>
    /// A text that Akka's parser reads as it is meant: without the commas behind a closed object, which are HOCON and which it refuses.
    /// </summary>
    /// <exception cref="FormatException">
    /// A bracket has no other half, outside strings and comments. The parser takes such texts, for others than were meant.
    /// </exception>
    public static string ForParser(string written)
    {
        var text = written.AsSpan();
        var readable = written.ToCharArray();
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
                    throw new FormatException($"'{text[at]}' in line {line} closes nothing");
                case '}' when !open.TryPeek(out var around) || around.Bracket == '{':
                    var next = text[(at + 1)..].IndexOfAnyExcept(" \t\r\n");
                    if (next >= 0 && text[at + 1 + next] == ',')
                    {
                        readable[at + 1 + next] = '\n';
                    }

                    break;
            }
        }

        return open.TryPop(out var last)
            ? throw new FormatException($"'{last.Bracket}' in line {last.Line} is not closed")
            : new string(readable);
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
