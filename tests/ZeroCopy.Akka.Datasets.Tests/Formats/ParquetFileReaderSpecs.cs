using System.Runtime.InteropServices;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Datasets.Tests.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Tests.Formats;

/// <summary>Row groups larger than what is to be in memory.</summary>
public sealed class ParquetFileReaderSpecs
{
    private const int GroupRows = 10_000;

    [Fact]
    public async Task ParquetFileReader_should_return_a_row_group_in_pieces_of_a_mebibyte()
    {
        using var file = new FormatFile("rows.parquet");
        var rows = Columns.Chunk(
            Column.OfTensor("x", DType.Float32, [GroupRows, 100], MemoryMarshal.AsBytes<float>(
                [.. Enumerable.Range(0, GroupRows * 100).Select(value => (float)value)]).ToArray()),
            Columns.Texts("text", [.. Enumerable.Range(0, GroupRows).Select(row => row % 3 == 0 ? null : $"row {row}")]));
        await file.WriteAsync(rows);

        var pieces = await ReadAsync([file.Path]);

        Assert.All(pieces, piece => Assert.InRange(piece.ByteLength, 1, 1 << 20));
        Assert.All(RowChunk.Concat(pieces).Columns.Zip(rows.Columns), pair => Assert.True(pair.First.HasRowsOf(pair.Second)));
    }

    [Fact]
    public async Task ParquetFileReader_should_return_a_row_larger_than_a_piece()
    {
        using var file = new FormatFile("rows.parquet");
        await file.WriteAsync(Columns.Chunk(Column.OfTensor("x", DType.Float32, [2, 1 << 20], new byte[2 << 22])));

        Assert.Equal([1, 1], (await ReadAsync([file.Path])).Select(piece => piece.Rows));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(GroupRows - 1)]
    [InlineData(GroupRows)]
    [InlineData(GroupRows + 5_000)]
    [InlineData(2 * GroupRows)]
    [InlineData(3 * GroupRows)]
    [InlineData(5 * GroupRows + 1)]
    [InlineData(6 * GroupRows)]
    public async Task DatasetReader_should_pass_over_rows_behind_those_it_was_shown(int skipped)
    {
        using var one = new FormatFile("one.parquet");
        using var other = new FormatFile("other.parquet");
        await one.WriteAsync(Group(0), Group(1), Group(2));
        await other.WriteAsync(Group(3), Group(4), Group(5));
        await using var reader = await DatasetReader.OpenAsync([one.Path, other.Path], CancellationToken.None);
        await reader.PeekAsync(CancellationToken.None);

        Assert.Equal(skipped, await reader.SkipAsync(skipped, CancellationToken.None));

        var left = await ReadAsync(reader);
        Assert.Equal(
            Enumerable.Range(skipped, 6 * GroupRows - skipped).Select(row => (long)row),
            left.SelectMany(piece => MemoryMarshal.Cast<byte, long>(piece.Columns[0].Numbers().Span).ToArray()));
        Assert.All(left, piece => Assert.Equal(
            MemoryMarshal.Read<long>(piece.Columns[0].Numbers().Span), piece.Locate(0).Row + (piece.Locate(0).File == one.Path
                ? 0 : 3 * GroupRows)));

        static RowChunk Group(int index) => Columns.Chunk(
            Columns.Numbers("n", DType.Int64, [.. Enumerable.Range(index * GroupRows, GroupRows).Select(row => (long)row)]));
    }

    [Fact]
    public async Task ParquetFileReader_should_say_what_is_wrong_with_a_file()
    {
        using var file = new FormatFile("rows.parquet");
        await File.WriteAllTextAsync(file.Path, "rows");

        var error = await Assert.ThrowsAsync<DatasetException>(() => ReadAsync([file.Path]));

        Assert.StartsWith(
            $"'{file.Path}': it is no Parquet file, or cut short: Invalid: Parquet file size is 4 bytes", error.Message,
            StringComparison.Ordinal);
        Assert.EndsWith("(8 bytes).", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ParquetFileReader_should_say_which_rows_are_damaged()
    {
        using var file = new FormatFile("rows.parquet");
        await file.WriteAsync(Columns.Chunk(Columns.Numbers("n", DType.Int64, 1L, 2, 3)));
        await using (var stream = File.OpenWrite(file.Path))
        {
            // Behind the file's first four bytes is the head of its first page.
            stream.Position = 4;
            stream.Write([0xFF, 0xFF, 0xFF, 0xFF]);
        }

        var error = await Assert.ThrowsAsync<DatasetException>(() => ReadAsync([file.Path]));

        Assert.StartsWith($"'{file.Path}': the rows from 0 on cannot be read: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("message:", error.Message, StringComparison.Ordinal);
    }

    private static async Task<List<RowChunk>> ReadAsync(IReadOnlyList<string> files)
    {
        await using var reader = await DatasetReader.OpenAsync(files, CancellationToken.None);
        return await ReadAsync(reader);
    }

    private static async Task<List<RowChunk>> ReadAsync(DatasetReader reader)
    {
        var pieces = new List<RowChunk>();
        while (await reader.ReadAsync(CancellationToken.None) is { } piece)
        {
            pieces.Add(piece);
        }

        return pieces;
    }
}
