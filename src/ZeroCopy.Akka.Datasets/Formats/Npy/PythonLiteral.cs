using System.Globalization;
using System.Numerics;
using System.Text;

namespace ZeroCopy.Datasets.Formats.Npy;

/// <summary>
/// A literal of Python as far as headers of <c>.npy</c> files have them: texts as <see cref="string"/>, integers as <see
/// cref="BigInteger"/> (also with the L of Python 2), <c>True</c> and <c>False</c>, <c>None</c> as null, tuples as arrays, lists as <see
/// cref="List{T}"/>, dictionaries as their pairs in order.
/// </summary>
internal sealed class PythonLiteral
{
    private const int MaxDepth = 32;
    private readonly string _text;
    private int _at;
    private int _depth;

    private PythonLiteral(string text) => _text = text;

    private delegate bool Reading(out object? value);

    /// <summary>Reads the one literal that a text holds; false where it holds something else.</summary>
    public static bool TryParse(string text, out object? value)
    {
        var literal = new PythonLiteral(text);
        return literal.TryValue(out value) && literal.SkipSpace() == text.Length;
    }

    /// <summary>The next character that is no space; NUL at the end.</summary>
    private char Peek() => SkipSpace() < _text.Length ? _text[_at] : '\0';

    private int SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\f' or '\r' or '\n')
        {
            _at++;
        }

        return _at;
    }

    private bool Take(char expected)
    {
        var found = Peek() == expected;
        _at += found ? 1 : 0;
        return found;
    }

    private bool TryValue(out object? value) => Peek() switch
    {
        '{' => Nested(TryDictionary, out value),
        '[' => Nested(TryList, out value),
        '(' => Nested(TryTuple, out value),
        '-' or (>= '0' and <= '9') => TryInteger(out value),
        '\'' or '"' => TryText(out value),
        _ => TryWord(out value),
    };

    private bool Nested(Reading read, out object? value)
    {
        value = null;
        _at++;
        var known = ++_depth <= MaxDepth && read(out value);
        _depth--;
        return known;
    }

    private bool TryList(out object? value)
    {
        var known = TryItems(']', out var items, out _);
        value = items;
        return known;
    }

    private bool TryTuple(out object? value)
    {
        var known = TryItems(')', out var items, out var comma);
        value = items.Count == 1 && !comma ? items[0] : items.ToArray();
        return known;
    }

    private bool TryItems(char end, out List<object?> items, out bool comma)
    {
        (items, comma) = ([], false);
        while (!Take(end))
        {
            if ((items.Count > 0 && !comma) || !TryValue(out var item))
            {
                return false;
            }

            items.Add(item);
            comma = Take(',');
        }

        return true;
    }

    private bool TryDictionary(out object? value)
    {
        var pairs = new List<KeyValuePair<object?, object?>>();
        value = pairs;
        var comma = true;
        while (!Take('}'))
        {
            if (!comma || !TryValue(out var key) || !Take(':') || !TryValue(out var content))
            {
                return false;
            }

            pairs.Add(KeyValuePair.Create(key, content));
            comma = Take(',');
        }

        return true;
    }

    private bool TryInteger(out object? value)
    {
        var start = _at++;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        var digits = _text.AsSpan(start, _at - start).TrimStart('-');
        var known = digits is not ['0', _, ..] & BigInteger.TryParse(
            _text.AsSpan(start, _at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        value = number;
        _at += _at < _text.Length && _text[_at] == 'L' ? 1 : 0;
        return known && (_at == _text.Length || !(char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '.'));
    }

    private bool TryText(out object? value)
    {
        var quote = _text[_at++];
        var content = new StringBuilder();
        value = content;
        while (_at < _text.Length && _text[_at] != quote)
        {
            // Of the escapes those of names: a quote or a backslash.
            if (_text[_at] == '\n' || (_text[_at] == '\\' && (++_at == _text.Length || _text[_at] is not ('\\' or '\'' or '"'))))
            {
                return false;
            }

            content.Append(_text[_at++]);
        }

        value = content.ToString();
        return Take(quote);
    }

    private bool TryWord(out object? value)
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiLetter(_text[_at]))
        {
            _at++;
        }

        var word = _text.AsSpan(start, _at - start);
        if (word is "u" or "U" && _at < _text.Length && _text[_at] is '\'' or '"')
        {
            return TryText(out value);
        }

        value = word is "True" ? true : word is "False" ? false : null;
        return value is not null || word is "None";
    }
}
