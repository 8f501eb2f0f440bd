using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>
/// Refuses source text that is nested deeper than a stack holds: libtorch's parser and compiler are recursive. PyTorch itself writes a
/// statement for almost every operation, so that its text stays far below the limit. Words and texts are taken apart as
/// torch/csrc/jit/frontend/lexer.h does it.
/// </summary>
internal sealed class ScriptNesting
{
    private const int MaxDepth = 250;

    // A chain of branches is as many blocks in each other, which people write; each takes the compiler a few frames.
    private const int MaxBlocks = 500;
    private const string Operators = "+-*/%.|&^~<>=@?:;";
    private static readonly string[] Words = ["if", "else", "not", "and", "or", "in", "is", "for", "lambda", "await"];

    private readonly Stack<int> _indents = new([0]);

    // For each bracket that is open, the levels that stand before it in its own bracket.
    private readonly Stack<int> _brackets = new();
    private int _sum;
    private int _own;
    private int _branches;

    private ScriptNesting()
    {
    }

    private int Depth => _brackets.Count + _sum + _own;

    private int Blocks => Math.Max(_indents.Count, _branches);

    /// <exception cref="InvalidModelException">Nested too deeply, or a text without an end.</exception>
    public static void Require(string text, string path)
    {
        var nesting = new ScriptNesting();
        for (var i = 0; i >= 0 && i < text.Length;)
        {
            i = nesting.Take(text, i);
            if (i < 0 || nesting.Depth > MaxDepth || nesting.Blocks > MaxBlocks)
            {
                throw new InvalidModelException(i < 0
                    ? $"{path}: its code has a text without an end."
                    : $"{path}: its code is nested in more than {(nesting.Depth > MaxDepth ? MaxDepth : MaxBlocks)} levels; "
                        + "export the model from simpler code.");
            }
        }
    }

    // Takes a token and returns the place behind it; -1 for one without an end.
    private int Take(string text, int at)
    {
        switch (text[at])
        {
            case '"' or '\'':
                return EndOfText(text, at);
            case '#':
                return text.IndexOf('\n', at) is var end and >= 0 ? end : text.Length;
            case '\n' when _brackets.Count == 0:
                _own = 0;
                return Indent(text, at + 1);
            case ',':
                _own = 0;
                return at + 1;
            case '(' or '[' or '{':
                _brackets.Push(_own);
                (_sum, _own) = (_sum + _own, 0);
                return at + 1;
            case ')' or ']' or '}' when _brackets.TryPop(out var before):
                // What follows is a level above what stood before the bracket and the bracket itself.
                (_sum, _own) = (_sum - before, before + 1);
                return at + 1;
            case var c when char.IsAsciiLetter(c) || c == '_':
                return Word(text, at);
            case var c:
                _own += Operators.Contains(c, StringComparison.Ordinal) ? 1 : 0;
                return at + 1;
        }
    }

    private int Word(string text, int at)
    {
        var end = at;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
        {
            end++;
        }

        var word = text[at..end];
        _own += Words.Contains(word) ? 1 : 0;
        _branches += word == "elif" ? 1 : 0;
        return end;
    }

    private int Indent(string text, int at)
    {
        var start = at;
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }

        // An empty line says nothing.
        if (at < text.Length && text[at] is not ('\n' or '\r' or '#'))
        {
            while (_indents.Peek() > at - start)
            {
                _indents.Pop();
            }

            if (_indents.Peek() < at - start)
            {
                _indents.Push(at - start);
            }
        }

        return at;
    }

    private static int EndOfText(string text, int at)
    {
        var mark = text[at];
        var quotes = at + 2 < text.Length && text[at + 1] == mark && text[at + 2] == mark ? new string(mark, 3) : new string(mark, 1);
        for (var i = at + quotes.Length; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '\n' && quotes.Length == 1)
            {
                return -1;
            }
            else if (string.CompareOrdinal(text, i, quotes, 0, quotes.Length) == 0)
            {
                return i + quotes.Length;
            }
        }

        return -1;
    }
}
