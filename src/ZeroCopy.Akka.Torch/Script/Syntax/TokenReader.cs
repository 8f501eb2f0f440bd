using System.Text;
using System.Text.RegularExpressions;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>Goes through the tokens of a source file.</summary>
internal sealed partial class TokenReader(string text, List<SourceToken> tokens)
{
    /// <summary>The number of the next token.</summary>
    public int Position { get; set; }

    public SourceToken Next => tokens[Math.Min(Position, tokens.Count - 1)];

    public SourceTokenKind Kind => Next.Kind;

    public int Line => Next.Line;

    public bool Is(string symbol) => Next.Is(symbol);

    public void Skip() => Position = Math.Min(Position + 1, tokens.Count - 1);

    public bool TryTake(string symbol)
    {
        if (!Is(symbol))
        {
            return false;
        }

        Skip();
        return true;
    }

    public void Take(string symbol)
    {
        if (!TryTake(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }
    }

    public string? TryPeekName() => Kind == SourceTokenKind.Name ? Next.Text : null;

    public string TakeName()
    {
        var name = TryPeekName() ?? throw Unexpected("a name");
        Skip();
        return name;
    }

    /// <summary>What a text says. Source: torch/csrc/jit/frontend/parse_string_literal.h.</summary>
    public string TakeText()
    {
        if (Kind != SourceTokenKind.Text)
        {
            throw Unexpected("a text");
        }

        var quoted = Next.Text;
        Skip();
        var isLong = quoted.StartsWith("\"\"\"", StringComparison.Ordinal) || quoted.StartsWith("'''", StringComparison.Ordinal);
        var said = isLong ? quoted[3..^3] : quoted[1..^1];
        return said.Contains('\\', StringComparison.Ordinal) ? Unescaped(said) : said;
    }

    /// <summary>The source text of a type.</summary>
    public string TakeType() => TakeUntil(",", ")", "=", ":");

    /// <summary>The source text up to one of the symbols, or to the end of the statement, outside of brackets.</summary>
    public string TakeUntil(params ReadOnlySpan<string> symbols)
    {
        var (start, end, depth) = (Next.Start, Next.Start, 0);
        while (Kind is SourceTokenKind.Name or SourceTokenKind.Number or SourceTokenKind.Text or SourceTokenKind.Symbol)
        {
            if (depth == 0 && Kind == SourceTokenKind.Symbol && symbols.Contains(Next.Text))
            {
                break;
            }

            depth += Next.Text is "(" or "[" or "{" ? 1 : Next.Text is ")" or "]" or "}" ? -1 : 0;
            end = Next.End;
            Skip();
        }

        return text[start..end];
    }

    /// <summary>Goes on to a symbol of this statement.</summary>
    public void SkipTo(string symbol)
    {
        while (!Is(symbol) && Kind is not (SourceTokenKind.NewLine or SourceTokenKind.End))
        {
            Skip();
        }
    }

    /// <summary>Goes on behind this statement, with a block that follows it.</summary>
    public void SkipStatement()
    {
        while (Kind is not (SourceTokenKind.NewLine or SourceTokenKind.Indent or SourceTokenKind.Dedent or SourceTokenKind.End))
        {
            Skip();
        }

        SkipBlock();
    }

    /// <summary>Goes on behind a block whose head ends here.</summary>
    public void SkipBlock()
    {
        while (Kind is not (SourceTokenKind.NewLine or SourceTokenKind.Indent or SourceTokenKind.Dedent or SourceTokenKind.End))
        {
            Skip();
        }

        if (Kind == SourceTokenKind.NewLine)
        {
            Skip();
        }

        if (Kind != SourceTokenKind.Indent)
        {
            return;
        }

        var depth = 0;
        do
        {
            depth += Kind == SourceTokenKind.Indent ? 1 : Kind == SourceTokenKind.Dedent ? -1 : 0;
            Skip();
        }
        while (depth > 0 && Kind != SourceTokenKind.End);
    }

    public FormatException Unexpected(string wanted) =>
        new($"line {Line} has {(Next.Text.Length > 0 ? $"'{Next.Text}'" : "its end")} where {wanted} is expected");

    // Escapes stand for bytes of UTF-8.
    private static string Unescaped(string said)
    {
        var bytes = Escape().Replace(
            Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(said)),
            escape => escape.Value[1] switch
            {
                'a' => "\a",
                'b' => "\b",
                'f' => "\f",
                'n' => "\n",
                'r' => "\r",
                't' => "\t",
                'v' => "\v",
                >= '0' and <= '7' when escape.Length == 4 => $"{(char)Convert.ToByte(escape.Value[1..], 8)}",
                var other => $"{other}",
            });
        return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));
    }

    [GeneratedRegex("""\\(?:[0-3][0-7]{2}|.)""", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Escape();
}
