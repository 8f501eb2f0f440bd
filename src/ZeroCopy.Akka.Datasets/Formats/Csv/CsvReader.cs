using System.Collections.Immutable;
using System.Text;
using nietras.SeparatedValues;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats.Csv;

/// <summary>
/// Reads values separated by commas, semicolons or tabs, with a header, by RFC 4180: quotes stand around a whole value, and a quote inside
/// of them twice. Values stay texts until it is known what they are for; an empty one without quotes is null. Empty lines are no rows where
/// there are several columns, nor at the end of the file. A line that is no row is a broken row of its chunk; where a quote is not closed
/// nobody can say where the row ends, and nothing behind it can be read.
/// </summary>
internal sealed class CsvReader : IRowReader
{
    private const int ChunkBytes = 1 << 20;

    // No character, and none of a file that is UTF-8: where it stands, bytes could not be read.
    private const char Unreadable = '\uFFFF';
    private static readonly Encoding Utf8 = Encoding.GetEncoding(
        Encoding.UTF8.WebName, EncoderFallback.ExceptionFallback, new DecoderReplacementFallback($"{Unreadable}"));
    private readonly string _path;
    private readonly Stream _file;
    private readonly SepReader _reader;
    private readonly int _width;
    private int[] _indexes;
    private int _line;
    private int _blankLines;
    private ImmutableArray<ColumnType> _selected;
    private long _rows;

    private CsvReader(string path, Stream file, SepReader reader, ImmutableArray<ColumnType> columns)
    {
        _path = path;
        _file = file;
        _reader = reader;
        _width = columns.Length;
        _line = reader.Current.LineNumberToExcl;
        Columns = columns;
        _selected = columns;
        _indexes = [.. Enumerable.Range(0, _width)];
    }

    public ImmutableArray<ColumnType> Columns { get; }

    public long? RowCount => null;

    public double ReadShare => (double)_file.Position / _file.Length;

    public static CsvReader Open(string path)
    {
        var separator = Separator(path);
        var text = OpenText(path);
        var reader = WithPlaceInErrors(path, 1, () => Sep.New(separator).Reader(
            options => options with { HasHeader = false, DisableColCountCheck = true }).From(text));
        try
        {
            if (!WithPlaceInErrors(path, 1, reader.MoveNext))
            {
                throw new DatasetException($"'{path}' is empty; a file of values begins with a line of its columns' names.");
            }

            return new CsvReader(path, text.BaseStream, reader, Header(path, reader.Current));
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public void Select(IReadOnlyList<string> names)
    {
        _selected = [.. names.Select(name => Columns.First(column => column.Name == name))];
        _indexes = [.. _selected.Select(column => Columns.IndexOf(column))];
    }

    public long Skip(long rows) => 0;

    public ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var builders = _selected.Select(column => new ColumnBuilder(column)).ToArray();
        var broken = new List<BrokenRow>();
        var (rows, characters) = (0, 0L);
        // Whatever stands before a row is no end.
        while ((rows == 0 || characters < ChunkBytes) && WithPlaceInErrors(_path, _line, _reader.MoveNext))
        {
            var row = _reader.Current;
            _line = row.LineNumberToExcl;
            characters += row.Span.Length + 1;
            if (row.Span.IsEmpty)
            {
                _blankLines += _width > 1 ? 0 : 1;
                continue;
            }

            for (; _blankLines > 0; _blankLines--, rows++)
            {
                Array.ForEach(builders, builder => builder.AddNull());
            }

            if (Fault(row) is { } fault)
            {
                broken.Add(new BrokenRow(rows, $"line {row.LineNumberFrom}: {fault}"));
                Array.ForEach(builders, builder => builder.AddNull());
            }
            else
            {
                for (var i = 0; i < builders.Length; i++)
                {
                    Add(row[_indexes[i]].Span, builders[i]);
                }
            }

            rows++;
        }

        var chunk = RowChunk.Of(builders, _path, _rows, rows, broken);
        _rows += rows;
        return new ValueTask<RowChunk?>(chunk);
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        return default;
    }

    // A tab in a .tsv; else whichever the header has first of those in use.
    private static char Separator(string path)
    {
        if (Path.GetExtension(path).Equals(".tsv", StringComparison.OrdinalIgnoreCase))
        {
            return '\t';
        }

        using var file = new StreamReader(path);
        var line = new StringBuilder(file.ReadLine());
        // A name in quotes may have several lines.
        for (var quotes = line.ToString().AsSpan().Count('"'); quotes % 2 != 0 && line.Length < ChunkBytes && file.ReadLine() is { } next;)
        {
            quotes += next.AsSpan().Count('"');
            line.Append('\n').Append(next);
        }

        // Quotes stand in pairs: every second part is inside of them.
        var header = string.Concat(line.ToString().Split('"').Where((_, part) => part % 2 == 0));
        return header.Contains(',') ? ',' : header.Contains(';') ? ';' : header.Contains('\t') ? '\t' : ',';
    }

    // A mark in front says that it is UTF-16; all else is UTF-8, with a mark or without one.
    private static StreamReader OpenText(string path)
    {
        using var probe = File.OpenRead(path);
        var isUtf16 = (probe.ReadByte(), probe.ReadByte()) is (0xFF, 0xFE) or (0xFE, 0xFF);
        return isUtf16 ? new StreamReader(path, detectEncodingFromByteOrderMarks: true)
            : new StreamReader(path, Utf8, detectEncodingFromByteOrderMarks: false);
    }

    private static ImmutableArray<ColumnType> Header(string path, SepReader.Row row)
    {
        if (row.Span.Contains(Unreadable))
        {
            throw new DatasetException($"'{path}', line 1: {TextColumns.NotUtf8}");
        }

        var names = new List<string>();
        for (var i = 0; i < row.ColCount; i++)
        {
            var span = row[i].Span.Trim();
            names.Add(span is ['"', .., '"'] ? span[1..^1].ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : span.ToString());
        }

        return names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new DatasetException($"'{path}': the header has '{twice.Key}' twice; give each column a name of its own.")
            : [.. names.Select(name => new ColumnType(name, ElementKind.Text, IsTyped: false, IsNullable: true))];
    }

    private static T WithPlaceInErrors<T>(string path, int line, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException or ArgumentException or OverflowException)
        {
            throw new DatasetException(
                $"'{path}', line {line}: a row is no list of values, or too long; look for a quote that is not closed.", error);
        }
    }

    private static void Add(ReadOnlySpan<char> value, ColumnBuilder builder)
    {
        if (value.IsEmpty)
        {
            builder.AddNull();
            return;
        }

        var isQuoted = value[0] == '"';
        value = isQuoted ? value[1..^1] : value;
        var room = builder.Room(Encoding.UTF8.GetMaxByteCount(value.Length));
        var bytes = Encoding.UTF8.GetBytes(value, room);
        builder.Advance(isQuoted && value.Contains('"') ? Unescape(room[..bytes]) : bytes);
    }

    /// <summary>What is wrong with a row; null for one that is right.</summary>
    /// <exception cref="DatasetException">Where it ends is not known.</exception>
    private string? Fault(SepReader.Row row)
    {
        if (row.Span.Contains(Unreadable))
        {
            return TextColumns.NotUtf8;
        }

        for (var i = 0; row.Span.Contains('"') && i < row.ColCount; i++)
        {
            if (!AreQuotesRight(row[i].Span))
            {
                const string fault = "a quote is not closed, or stands inside a value; write \"…\" around the whole value, and a quote "
                    + "inside twice.";
                // It may have taken any number of rows that are right for a part of its value.
                return row.Span.Contains('\n') ? throw new DatasetException($"'{_path}', line {row.LineNumberFrom}: {fault}") : fault;
            }
        }

        return row.ColCount == _width ? null : $"there are {row.ColCount} values, and the header has {_width}.";
    }

    private static bool AreQuotesRight(ReadOnlySpan<char> value)
    {
        if (!value.Contains('"'))
        {
            return true;
        }

        var isWhole = value is ['"', .., '"'];
        for (var at = 1; isWhole && at < value.Length - 1; at++)
        {
            // Inside, quotes stand in pairs.
            isWhole = value[at] != '"' || (++at < value.Length - 1 && value[at] == '"');
        }

        return isWhole;
    }

    private static int Unescape(Span<byte> text)
    {
        var to = 0;
        for (var from = 0; from < text.Length; from++)
        {
            text[to++] = text[from];
            from += text[from] == (byte)'"' ? 1 : 0;
        }

        return to;
    }
}
