using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

/// <summary>Writes rows of columns as JSON values: each number so that it reads back bit for bit, what is not finite as a string of its
/// name.</summary>
internal static class JsonValues
{
    /// <summary>Writes one row of a column.</summary>
    public static void Write(Utf8JsonWriter writer, Column column, int row)
    {
        if (column.IsNull(row))
        {
            writer.WriteNullValue();
        }
        else
        {
            WriteLevel(writer, column, row, 0);
        }
    }

    private static void WriteLevel(Utf8JsonWriter writer, Column column, int at, int level)
    {
        if (level == column.Type.Depth)
        {
            WriteElement(writer, column, at);
            return;
        }

        var places = column.Offsets[level].Span;
        writer.WriteStartArray();
        for (var i = places[at]; i < places[at + 1]; i++)
        {
            WriteLevel(writer, column, i, level + 1);
        }

        writer.WriteEndArray();
    }

    private static void WriteElement(Utf8JsonWriter writer, Column column, int element)
    {
        if (column.IsNullElement(element))
        {
            writer.WriteNullValue();
            return;
        }

        switch (column.Type.Kind)
        {
            case ElementKind.Text:
                writer.WriteStringValue(column.Bytes(element));
                break;
            case ElementKind.Json:
                writer.WriteRawValue(column.Bytes(element), skipInputValidation: true);
                break;
            default:
                WriteNumber(writer, column, element);
                break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, Column column, int element)
    {
        var size = column.Type.DType.ElementSize();
        Span<byte> text = stackalloc byte[NumberText.Room];
        text = text[..NumberText.Format(column.Type.DType, column.Data.Span.Slice(element * size, size), text)];
        if (text[^1] is (byte)'N' or (byte)'y')
        {
            writer.WriteStringValue(text);
        }
        else
        {
            writer.WriteRawValue(text, skipInputValidation: true);
        }
    }
}
