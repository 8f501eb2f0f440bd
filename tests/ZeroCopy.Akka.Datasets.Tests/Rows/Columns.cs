using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Tests.Rows;

/// <summary>Columns for specs, and what they hold as JSON.</summary>
internal static class Columns
{
    public static Column Numbers<T>(string name, DType dtype, params T[] values)
        where T : unmanaged =>
        new(new ColumnType(name, ElementKind.Number, dtype), values.Length, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public static Column Texts(string name, params string?[] values)
    {
        var builder = new ColumnBuilder(ColumnType.Text(name) with { IsNullable = values.Contains(null) });
        foreach (var value in values)
        {
            if (value is null)
            {
                builder.AddNull();
            }
            else
            {
                builder.Add(Encoding.UTF8.GetBytes(value));
            }
        }

        return builder.Build();
    }

    /// <summary>Numbers, or lists of them, from a JSON value a row.</summary>
    public static Column OfJson(string name, DType dtype, params string[] values)
    {
        var builder = new ColumnBuilder(new ColumnType(name, ElementKind.Json));
        foreach (var value in values)
        {
            if (value == "null")
            {
                builder.AddNull();
            }
            else
            {
                builder.Add(Encoding.UTF8.GetBytes(value));
            }
        }

        var column = NumberColumnBuilder.Build(builder.Build(), dtype);
        return column.Typed(column.Type with { IsNullable = true });
    }

    public static RowChunk Chunk(params Column[] columns) => new([.. columns], columns[0].Rows);

    /// <summary>The rows as JSON, one value a row.</summary>
    public static IReadOnlyList<string> ToJson(this Column column) => [.. Enumerable.Range(0, column.Rows).Select(row =>
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            JsonValues.Write(writer, column, row);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    })];
}
