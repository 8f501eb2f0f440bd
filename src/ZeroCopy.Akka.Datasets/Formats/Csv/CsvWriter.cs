using System.Buffers;
using System.Text;
using System.Text.Json;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.Csv;

/// <summary>
/// Writes rows as values separated by commas, or tabs, by RFC 4180 with lines that end as Unix's do. Null is an empty value; a list is a
/// JSON array; a number reads back bit for bit.
/// </summary>
internal sealed class CsvWriter : IRowWriter
{
    private readonly string _path;
    private readonly byte _separator;
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _lines = new(1 << 16);
    private readonly ArrayBufferWriter<byte> _list = new();

    /// <summary>Opens the work file at its end, or makes it with a header.</summary>
    public CsvWriter(string path, char separator, IEnumerable<ColumnType> columns)
    {
        _path = path;
        _separator = (byte)separator;
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        if (_file.Length == 0)
        {
            var isFirst = true;
            foreach (var column in columns)
            {
                Separate(ref isFirst);
                AddText(Encoding.UTF8.GetBytes(column.Name));
            }

            _lines.Write("\n"u8);
            _file.Write(_lines.WrittenSpan);
        }
    }

    public async ValueTask WriteAsync(RowChunk rows, CancellationToken cancellationToken)
    {
        _lines.ResetWrittenCount();
        for (var row = 0; row < rows.Rows; row++)
        {
            var isFirst = true;
            foreach (var column in rows.Columns)
            {
                Separate(ref isFirst);
                AddValue(column, row);
            }

            _lines.Write("\n"u8);
        }

        await _file.WriteAsync(_lines.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<long> FlushAsync(CancellationToken cancellationToken) => new(_file.Length);

    public ValueTask<string> CompleteAsync(string spare, CancellationToken cancellationToken)
    {
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        return new ValueTask<string>(_path);
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private void Separate(ref bool isFirst)
    {
        if (!isFirst)
        {
            _lines.Write([_separator]);
        }

        isFirst = false;
    }

    private void AddValue(Column column, int row)
    {
        if (column.IsNull(row))
        {
            return;
        }

        if (column.Type.Depth > 0)
        {
            AddList(column, row);
        }
        else if (column.Type.Kind == ElementKind.Number)
        {
            var size = column.Type.DType.ElementSize();
            _lines.Advance(NumberText.Format(column.Type.DType, column.Data.Span.Slice(row * size, size), _lines.GetSpan(NumberText.Room)));
        }
        else if (column.Type.Kind == ElementKind.Json)
        {
            AddText(TextColumns.Decode(column, row));
        }
        else
        {
            AddText(column.Bytes(row));
        }
    }

    private void AddList(Column column, int row)
    {
        _list.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_list))
        {
            JsonValues.Write(json, column, row);
        }

        AddText(_list.WrittenSpan);
    }

    // An empty text has quotes, so that it is none that is missing.
    private void AddText(ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty && text.IndexOfAny("\"\r\n"u8) < 0 && !text.Contains(_separator) && text[0] != ' ' && text[^1] != ' ')
        {
            _lines.Write(text);
            return;
        }

        _lines.Write("\""u8);
        for (var quote = text.IndexOf((byte)'"'); quote >= 0; quote = text.IndexOf((byte)'"'))
        {
            _lines.Write(text[..(quote + 1)]);
            _lines.Write("\""u8);
            text = text[(quote + 1)..];
        }

        _lines.Write(text);
        _lines.Write("\""u8);
    }
}
