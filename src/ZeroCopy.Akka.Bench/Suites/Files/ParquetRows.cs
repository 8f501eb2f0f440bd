using System.Diagnostics;
using System.Runtime.InteropServices;
using ParquetSharp;
using ParquetSharp.Arrow;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Suites.Files;

/// <summary>Lists of floats in a file of Parquet, by datasets and by ParquetSharp's own columns; rows a second of each.</summary>
internal static class ParquetRows
{
    public const int Rows = 200_000;
    public const int Width = 128;
    private const string Name = "input";

    // As many as datasets put into a row group of such rows.
    private const int GroupRows = 16_384;
    private static readonly float[] Values = Random(GroupRows * Width);

    public static async Task<double> WriteAsync(string path, CancellationToken cancellationToken)
    {
        File.Delete(path);
        var start = Stopwatch.GetTimestamp();
        var writer = DatasetFormats.OpenWriter(DatasetFormat.Parquet, path, [Group(1).Columns[0].Type]);
        await using (writer.ConfigureAwait(false))
        {
            for (var row = 0; row < Rows; row += GroupRows)
            {
                await writer.WriteAsync(Group(Math.Min(GroupRows, Rows - row)), cancellationToken).ConfigureAwait(false);
            }

            await writer.CompleteAsync(path, cancellationToken).ConfigureAwait(false);
        }

        return Rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public static double WriteTheirs(string path)
    {
        var start = Stopwatch.GetTimestamp();
        WriteTheirs(path, Rows, Width, GroupRows, Values);
        return Rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Rows of other sizes, random ones, in row groups of so many.</summary>
    public static void WriteTheirs(string path, int rows, int width, int groupRows) =>
        WriteTheirs(path, rows, width, groupRows, Random(groupRows * width));

    private static void WriteTheirs(string path, int rows, int width, int groupRows, float[] values)
    {
        using var writer = new ParquetFileWriter(path, [new Column<float[]>(Name)], Compression.Snappy);
        for (var row = 0; row < rows; row += groupRows)
        {
            var count = Math.Min(groupRows, rows - row) * width;
            using var group = writer.AppendRowGroup();
            using var column = (ColumnWriter<float>)group.NextColumn();
            var (definition, repetition) = (new short[count], new short[count]);
            Array.Fill(definition, column.ColumnDescriptor.MaxDefinitionLevel);
            for (var i = 0; i < repetition.Length; i++)
            {
                repetition[i] = (short)(i % width == 0 ? 0 : 1);
            }

            column.WriteBatch(count, definition, repetition, values.AsSpan(0, count));
        }

        writer.Close();
    }

    public static async Task<double> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var (start, rows) = (Stopwatch.GetTimestamp(), 0L);
        var reader = await DatasetFormats.OpenReaderAsync(path, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } chunk)
            {
                rows += chunk.Rows;
            }
        }

        return rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public static double ReadTheirs(string path)
    {
        const int pieceValues = GroupRows * Width;
        var (start, rows) = (Stopwatch.GetTimestamp(), 0L);
        var (values, definition, repetition) = (new float[pieceValues], new short[pieceValues], new short[pieceValues]);
        using var reader = new ParquetFileReader(path);
        for (var index = 0; index < reader.FileMetaData.NumRowGroups; index++)
        {
            using var group = reader.RowGroup(index);
            using var column = (ColumnReader<float>)group.Column(0);
            while (column.HasNext)
            {
                column.ReadBatch(pieceValues, definition, repetition, values, out var read);
                rows += read / Width;
            }
        }

        return rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>As Arrow's record batches, which datasets are made of.</summary>
    public static async Task<double> ReadTheirBatchesAsync(string path, CancellationToken cancellationToken)
    {
        var (start, rows) = (Stopwatch.GetTimestamp(), 0L);
        using var reader = new FileReader(path);
        using var batches = reader.GetRecordBatchReader();
        while (await batches.ReadNextRecordBatchAsync(cancellationToken).ConfigureAwait(false) is { } batch)
        {
            rows += batch.Length;
            batch.Dispose();
        }

        return rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static RowChunk Group(int rows)
    {
        var values = MemoryMarshal.AsBytes(Values.AsSpan(0, rows * Width)).ToArray();
        return new RowChunk([Datasets.Rows.Column.OfTensor(Name, DType.Float32, [rows, Width], values)], rows);
    }

    private static float[] Random(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
    }
}
