using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats.JsonLines;

/// <summary>
/// Reads JSON Lines: an object a line, whose members are the row's columns. Values stay JSON until it is known what they are for. A line
/// that is no object is a broken row of its chunk.
/// </summary>
internal sealed class JsonLinesReader : IRowReader
{
    private const int ChunkBytes = 1 << 20;
    private readonly string _path;
    private readonly LineReader _lines;
    private ImmutableArray<ColumnType> _selected = [];
    private byte[][] _names = [];
    private long _rows;

    private JsonLinesReader(string path)
    {
        _path = path;
        _lines = new LineReader(path);
    }

    public ImmutableArray<ColumnType> Columns { get; private init; } = [];

    public bool HasAllColumns { get; private init; }

    public long? RowCount => null;

    public double ReadShare => _lines.ReadShare;

    /// <summary>Opens a file and looks at its first rows.</summary>
    public static JsonLinesReader Open(string path)
    {
        var (names, areAll) = Names(path);
        var reader = new JsonLinesReader(path)
        {
            HasAllColumns = areAll,
            Columns = [.. names.Select(name => new ColumnType(name, ElementKind.Json, IsNullable: true))],
        };
        reader.Select(names);
        return reader;
    }

    public void Select(IReadOnlyList<string> names)
    {
        _selected = [.. names.Select(name => new ColumnType(name, ElementKind.Json, IsNullable: true))];
        _names = [.. names.Select(Encoding.UTF8.GetBytes)];
    }

    public long Skip(long rows) => 0;

    public ValueTask<RowChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var builders = _selected.Select(column => new ColumnBuilder(column)).ToArray();
        var broken = new List<BrokenRow>();
        var (rows, bytes) = (0, 0L);
        // Whatever stands before a row is no end.
        while ((rows == 0 || bytes < ChunkBytes) && _lines.TryRead(out var line))
        {
            bytes += line.Length;
            if (!line.Trim(" \t\r"u8).IsEmpty)
            {
                try
                {
                    AddRow(line, builders, rows);
                }
                catch (FormatException fault)
                {
                    foreach (var builder in builders)
                    {
                        builder.CutTo(rows);
                        builder.AddNull();
                    }

                    broken.Add(new BrokenRow(rows, $"line {_lines.Line}: {fault.Message}"));
                }

                rows++;
            }
        }

        var chunk = RowChunk.Of(builders, _path, _rows, rows, broken);
        _rows += rows;
        return new ValueTask<RowChunk?>(chunk);
    }

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        return default;
    }

    private static (List<string> Names, bool AreAll) Names(string path)
    {
        using var lines = new LineReader(path);
        var names = new List<string>();
        var bytes = 0L;
        DatasetException? first = null;
        while ((names.Count == 0 || bytes < ChunkBytes) && lines.TryRead(out var line))
        {
            bytes += line.Length;
            if (line.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            try
            {
                ForEachMember(line, (ref readonly Utf8JsonReader name, ReadOnlySpan<byte> _) =>
                {
                    if (name.GetString() is { } text && !names.Contains(text))
                    {
                        names.Add(text);
                    }
                });
            }
            catch (FormatException fault)
            {
                // A broken row among others; where there are no others, it is no file of rows.
                first ??= new DatasetException($"'{path}', line {lines.Line}: {fault.Message}", fault);
            }
        }

        return names.Count == 0 && first is not null ? throw first : (names, !lines.TryRead(out _));
    }

    private void AddRow(ReadOnlySpan<byte> line, ColumnBuilder[] builders, int rows)
    {
        ForEachMember(line, (ref readonly Utf8JsonReader name, ReadOnlySpan<byte> value) =>
        {
            var index = IndexOf(in name);
            if (index < 0)
            {
                return;
            }

            if (builders[index].Rows > rows)
            {
                throw new FormatException($"'{builders[index].Type.Name}' stands there twice; keep one of them.");
            }

            if (value is [(byte)'"', ..] && !TextColumns.IsText(value))
            {
                throw new FormatException(
                    $"'{builders[index].Type.Name}' has half of a character, such as \\ud83d alone; write the whole pair.");
            }

            if (value is [(byte)'n', ..])
            {
                builders[index].AddNull();
            }
            else
            {
                builders[index].Add(value);
            }
        });
        foreach (var builder in builders)
        {
            if (builder.Rows == rows)
            {
                builder.AddNull();
            }
        }
    }

    private int IndexOf(ref readonly Utf8JsonReader name)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            if (name.ValueTextEquals(_names[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <exception cref="FormatException">The line is no object.</exception>
    private static void ForEachMember(ReadOnlySpan<byte> line, Member member)
    {
        if (!Utf8.IsValid(line))
        {
            throw new FormatException(TextColumns.NotUtf8);
        }

        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new FormatException("it is no JSON object; each line is one row, {\"column\": value, …}.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader;
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                member(in name, line[start..(int)reader.BytesConsumed]);
            }

            // Anything behind the object.
            reader.Read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new FormatException(
                JsonFault.Of(error, line) + (error is JsonException { BytePositionInLine: { } at } ? $" (byte {at + 1})." : "."), error);
        }
    }

    private delegate void Member(ref readonly Utf8JsonReader name, ReadOnlySpan<byte> value);
}
