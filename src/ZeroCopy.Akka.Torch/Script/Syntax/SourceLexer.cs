using System.Text.RegularExpressions;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>
/// Takes source text of TorchScript apart, whatever the text is: in one pass, without recursion, and holding no more than a line's tokens.
/// Source: torch/csrc/jit/frontend/lexer.h.
/// </summary>
internal sealed partial class SourceLexer
{
    // The only comment that libtorch reads on in.
    private const string TypeComment = "# type:";

    // Longest first.
    private static readonly string[] Symbols =
    [
        TypeComment,
        "**=", "//=", "<<=", ">>=", "...", "->", "**", "//", "==", "!=", "<=", ">=", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "&=",
        "|=", "^=", "@=",
        "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=", "?",
    ];

    private readonly string _text;
    private readonly List<SourceToken> _taken = [];
    private readonly Stack<int> _indents = new([0]);
    private SourceTokenKind _last = SourceTokenKind.NewLine;
    private int _at;
    private int _line = 1;
    private int _brackets;

    private SourceLexer(string text) => _text = text;

    /// <summary>The tokens, with an <see cref="SourceTokenKind.End"/> behind them.</summary>
    /// <exception cref="FormatException">A character that no token starts with, or a text without an end.</exception>
    public static IEnumerable<SourceToken> Read(string text)
    {
        var lexer = new SourceLexer(text);
        lexer.StartLine();
        while (lexer._last != SourceTokenKind.End)
        {
            lexer.Take();
            foreach (var token in lexer._taken)
            {
                yield return token;
            }

            lexer._taken.Clear();
        }
    }

    private void Add(SourceTokenKind kind, string text, int start)
    {
        _taken.Add(new SourceToken(kind, text, start, _line));
        _last = kind;
    }

    private void Take()
    {
        if (_at == _text.Length)
        {
            EndLine();
            IndentTo(0);
            Add(SourceTokenKind.End, "", _at);
            return;
        }

        var c = _text[_at];
        switch (c)
        {
            case '\n':
                _at++;
                if (_brackets == 0)
                {
                    EndLine();
                    _line++;
                    StartLine();
                }
                else
                {
                    _line++;
                }

                return;
            case ' ' or '\t' or '\r':
                _at++;
                return;
            case '\\' when _at + 1 < _text.Length && _text[_at + 1] == '\n':
                _at += 2;
                _line++;
                return;
            case '#' when IsComment():
                _at = _text.IndexOf('\n', _at) is var end and >= 0 ? end : _text.Length;
                return;
            case '"' or '\'':
                TakeText();
                return;
        }

        if (char.IsAsciiLetter(c) || c == '_')
        {
            TakeTo(SourceTokenKind.Name, EndOfWord(_at));
        }
        else if (char.IsAsciiDigit(c) || (c == '.' && _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1])))
        {
            TakeTo(SourceTokenKind.Number, _at + Number().Match(_text, _at).Length);
        }
        else
        {
            TakeSymbol();
        }
    }

    private int EndOfWord(int at)
    {
        while (at < _text.Length && (char.IsAsciiLetterOrDigit(_text[at]) || _text[at] == '_'))
        {
            at++;
        }

        return at;
    }

    private void TakeTo(SourceTokenKind kind, int end)
    {
        Add(kind, _text[_at..end], _at);
        _at = end;
    }

    private void TakeSymbol()
    {
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) == 0)
            {
                _brackets += symbol is "(" or "[" or "{" ? 1 : symbol is ")" or "]" or "}" && _brackets > 0 ? -1 : 0;
                Add(SourceTokenKind.Symbol, symbol, _at);
                _at += symbol.Length;
                return;
            }
        }

        throw new FormatException($"line {_line} has a '{_text[_at]}'");
    }

    private void TakeText()
    {
        var (start, mark) = (_at, _text[_at]);
        var quotes = _at + 2 < _text.Length && _text[_at + 1] == mark && _text[_at + 2] == mark ? new string(mark, 3) : new string(mark, 1);
        for (var i = _at + quotes.Length; i < _text.Length; i++)
        {
            if (_text[i] == '\\')
            {
                i++;
            }
            else if (_text[i] == '\n' && quotes.Length == 1)
            {
                break;
            }
            else if (string.CompareOrdinal(_text, i, quotes, 0, quotes.Length) == 0)
            {
                _at = i + quotes.Length;
                Add(SourceTokenKind.Text, _text[start.._at], start);
                _line += _text.AsSpan(start, _at - start).Count('\n');
                return;
            }
        }

        throw new FormatException($"line {_line} has a text without an end");
    }

    private bool IsComment() => _text[_at] == '#' && string.CompareOrdinal(_text, _at, TypeComment, 0, TypeComment.Length) != 0;

    private void EndLine()
    {
        if (_last is not (SourceTokenKind.NewLine or SourceTokenKind.Indent or SourceTokenKind.Dedent))
        {
            Add(SourceTokenKind.NewLine, "", _at);
        }
    }

    private void StartLine()
    {
        var start = _at;
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r')
        {
            _at++;
        }

        // An empty line says nothing.
        if (_at < _text.Length && _text[_at] != '\n' && !IsComment())
        {
            IndentTo(_at - start);
        }
    }

    private void IndentTo(int width)
    {
        if (_indents.Peek() < width)
        {
            _indents.Push(width);
            Add(SourceTokenKind.Indent, "", _at);
        }

        while (_indents.Peek() > width)
        {
            _indents.Pop();
            Add(SourceTokenKind.Dedent, "", _at);
        }
    }

    // What the C library's strtod takes, and the mark of an imaginary number: "1e-05" is one number, "1-5" are two.
    [GeneratedRegex(
        """\G(?:0[xX](?=\.?[0-9a-fA-F])[0-9a-fA-F]*\.?[0-9a-fA-F]*(?:[pP][+-]?[0-9]+)?|[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?)j?""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
