namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>Takes source text of TorchScript apart. Source: torch/csrc/jit/frontend/lexer.h.</summary>
internal sealed class SourceLexer
{
    // Longest first.
    private static readonly string[] Symbols =
    [
        "**=", "//=", "<<=", ">>=", "...", "->", "**", "//", "==", "!=", "<=", ">=", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "&=",
        "|=", "^=", "@=",
        "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=", "?",
    ];

    private readonly string _text;
    private readonly List<SourceToken> _tokens = [];
    private readonly Stack<int> _indents = new([0]);
    private int _at;
    private int _line = 1;
    private int _brackets;

    private SourceLexer(string text) => _text = text;

    /// <summary>The tokens, with an <see cref="SourceTokenKind.End"/> behind them.</summary>
    /// <exception cref="FormatException">A character that no token starts with, or a text without an end.</exception>
    public static List<SourceToken> Read(string text)
    {
        var lexer = new SourceLexer(text);
        lexer.StartLine();
        while (lexer._at < text.Length)
        {
            lexer.Take();
        }

        lexer.EndLine();
        lexer.IndentTo(0);
        lexer.Add(SourceTokenKind.End, "", lexer._at);
        return lexer._tokens;
    }

    private void Add(SourceTokenKind kind, string text, int start) => _tokens.Add(new SourceToken(kind, text, start, _line));

    private void Take()
    {
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
            case '\\' when _at + 1 < _text.Length && _text[_at + 1] is '\n' or '\r':
                _at = EndOfLine(_at) + 1;
                _line++;
                return;
            case '#':
                _at = EndOfLine(_at);
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
            TakeTo(SourceTokenKind.Number, EndOfNumber(_at));
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

    // "1e-05" is one number, "1-5" are two.
    private int EndOfNumber(int start)
    {
        var isHexadecimal = start + 1 < _text.Length && _text[start + 1] is 'x' or 'X';
        var at = start;
        while (at < _text.Length && (char.IsAsciiLetterOrDigit(_text[at]) || _text[at] is '.' or '_'
            || (_text[at] is '+' or '-' && !isHexadecimal && at > start && _text[at - 1] is 'e' or 'E')))
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
        var (start, line, mark) = (_at, _line, _text[_at]);
        var quotes = _at + 2 < _text.Length && _text[_at + 1] == mark && _text[_at + 2] == mark ? new string(mark, 3) : new string(mark, 1);
        for (var i = _at + quotes.Length; i < _text.Length; i++)
        {
            if (_text[i] == '\\')
            {
                i++;
            }
            else if (string.CompareOrdinal(_text, i, quotes, 0, quotes.Length) == 0)
            {
                _at = i + quotes.Length;
                _tokens.Add(new SourceToken(SourceTokenKind.Text, _text[start.._at], start, line));
                _line += _text.AsSpan(start, _at - start).Count('\n');
                return;
            }
        }

        throw new FormatException($"line {line} has a text without an end");
    }

    private int EndOfLine(int from) => _text.IndexOf('\n', from) is var end and >= 0 ? end : _text.Length;

    private void EndLine()
    {
        if (_tokens.Count > 0 && _tokens[^1].Kind is not (SourceTokenKind.NewLine or SourceTokenKind.Indent or SourceTokenKind.Dedent))
        {
            Add(SourceTokenKind.NewLine, "", _at);
        }
    }

    private void StartLine()
    {
        var start = _at;
        while (_at < _text.Length && _text[_at] is ' ' or '\t')
        {
            _at++;
        }

        // An empty line says nothing.
        if (_at < _text.Length && _text[_at] is not ('\n' or '\r' or '#'))
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
}
