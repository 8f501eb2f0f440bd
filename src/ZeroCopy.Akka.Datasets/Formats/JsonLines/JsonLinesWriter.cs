using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Formats.JsonLines;

/// <summary>Writes rows as JSON Lines: an object a line.</summary>
internal sealed class JsonLinesWriter : IRowWriter
{
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly string _path;
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _lines = new(1 << 16);

    /// <summary>Opens the work file at its end, or makes it.</summary>
    public JsonLinesWriter(string path)
    {
        _path = path;
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>Rows as JSON objects, without the ends of their lines.</summary>
    public static IEnumerable<string> Lines(RowChunk rows)
    {
        var lines = new ArrayBufferWriter<byte>();
        Write(rows, lines);
        return Encoding.UTF8.GetString(lines.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public async ValueTask WriteAsync(RowChunk rows, CancellationToken cancellationToken)
    {
        _lines.ResetWrittenCount();
        Write(rows, _lines);
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

    private static void Write(RowChunk rows, ArrayBufferWriter<byte> lines)
    {
        using var json = new Utf8JsonWriter(lines, Options);
        for (var row = 0; row < rows.Rows; row++)
        {
            json.WriteStartObject();
            foreach (var column in rows.Columns)
            {
                json.WritePropertyName(column.Type.Name);
                JsonValues.Write(json, column, row);
            }

            json.WriteEndObject();
            json.Flush();
            json.Reset();
            lines.Write("\n"u8);
        }
    }
}
