using System.Text;
using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

/// <summary>Makes numbers of texts and JSON values: a number, or nested lists of numbers, a row.</summary>
internal sealed class NumberColumnBuilder
{
    private const int MaxShown = 60;
    private readonly Column _source;
    private readonly DType _dtype;
    private readonly int _size;
    private readonly int _depth;
    private readonly List<int>[] _offsets;
    private readonly List<bool> _elementNulls = [];
    private byte[] _data;
    private int _elements;
    private bool _hasElementNulls;

    private NumberColumnBuilder(Column source, DType dtype, int depth)
    {
        _source = source;
        _dtype = dtype;
        _size = dtype.ElementSize();
        _depth = depth;
        _offsets = [.. Enumerable.Range(0, _depth).Select(_ => new List<int> { 0 })];
        _data = RowMemory.Allocate(source.Type.Name, source.Rows, Math.Max(1L, source.Rows) * _size);
    }

    /// <summary>The rows as numbers of a type.</summary>
    /// <param name="source">Texts or JSON values.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="depth">How deep the lists are; null for as deep as the first row's.</param>
    /// <exception cref="RowException">A row is no number of the type, or a list of another depth.</exception>
    /// <exception cref="DatasetException">The numbers take more bytes than an array has.</exception>
    public static Column Build(Column source, DType dtype, int? depth = null)
    {
        var builder = new NumberColumnBuilder(source, dtype, depth ?? Depth(source));
        for (var row = 0; row < source.Rows; row++)
        {
            builder.AddRow(row);
        }

        return new Column(
            new ColumnType(source.Type.Name, ElementKind.Number, dtype, builder._depth),
            source.Rows,
            builder._data.AsMemory(0, builder._elements * builder._size),
            [.. builder._offsets.Select(level => new ReadOnlyMemory<int>([.. level]))],
            source.Nulls,
            builder._hasElementNulls ? builder._elementNulls.ToArray() : default(ReadOnlyMemory<bool>));
    }

    /// <summary>How deep the lists of the first row are that is not null; 0 where it is none.</summary>
    public static int Depth(Column source)
    {
        for (var row = 0; row < source.Rows; row++)
        {
            if (!source.IsNull(row))
            {
                var text = source.Bytes(row).Trim(" \t\r"u8);
                var depth = 0;
                while (text is [(byte)'[', ..])
                {
                    depth++;
                    text = text[1..].TrimStart(" \t\r"u8);
                }

                return depth;
            }
        }

        return 0;
    }

    private void AddRow(int row)
    {
        if (_source.IsNull(row))
        {
            if (_depth == 0)
            {
                Next().Clear();
            }
            else
            {
                _offsets[0].Add(_offsets[0][^1]);
            }
        }
        else if (_depth == 0)
        {
            AddScalar(row);
        }
        else
        {
            AddLists(row);
        }
    }

    private void AddScalar(int row)
    {
        var text = _source.Bytes(row);

        // In JSON a string is no number, but for the names of what no number of JSON can be.
        if (_source.Type.Kind == ElementKind.Json && text is [(byte)'"', .., (byte)'"'])
        {
            text = text[1..^1];
            if (text.ContainsAnyInRange((byte)'0', (byte)'9'))
            {
                throw Refused(row, _source.Bytes(row));
            }
        }

        if (!NumberText.TryParse(text, _dtype, Next()))
        {
            throw Refused(row, _source.Bytes(row));
        }
    }

    private void AddLists(int row)
    {
        var reader = new Utf8JsonReader(_source.Bytes(row));
        var level = 0;
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartArray when level < _depth:
                        level++;
                        break;
                    case JsonTokenType.EndArray:
                        level--;
                        _offsets[level].Add(level == _depth - 1 ? _elements : _offsets[level + 1].Count - 1);
                        break;
                    case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False when level == _depth && TryAdd(reader.ValueSpan):
                    case JsonTokenType.String when level == _depth && !reader.ValueSpan.ContainsAnyInRange((byte)'0', (byte)'9')
                        && TryAdd(reader.ValueSpan):
                        break;
                    case JsonTokenType.Null when level == _depth:
                        Next().Clear();
                        _elementNulls[^1] = _hasElementNulls = true;
                        break;
                    default:
                        throw Refused(row, reader.TokenType == JsonTokenType.StartArray ? "["u8 : reader.ValueSpan);
                }
            }
        }
        catch (JsonException)
        {
            throw Refused(row, _source.Bytes(row));
        }
    }

    private bool TryAdd(ReadOnlySpan<byte> text) => NumberText.TryParse(text, _dtype, Next());

    private Span<byte> Next()
    {
        var end = (_elements + 1L) * _size;
        if (end > _data.Length)
        {
            RowMemory.Grow(ref _data, _source.Type.Name, end);
        }

        if (_depth > 0)
        {
            _elementNulls.Add(false);
        }

        return _data.AsSpan(_elements++ * _size, _size);
    }

    private RowException Refused(int row, ReadOnlySpan<byte> value)
    {
        var text = Encoding.UTF8.GetString(value);
        var shown = text.Length <= MaxShown ? text : text[..MaxShown] + "…";
        var expected = _depth == 0 ? "no value" : $"no value of lists {_depth} deep";
        var first = (text.StartsWith('[') || _depth > 0) ? "; the first row with a value says how deep lists are" : "";
        return new RowException(row, $"'{_source.Type.Name}' has {shown}, which is {expected} of {_dtype.ToToken()}{first}.");
    }
}
