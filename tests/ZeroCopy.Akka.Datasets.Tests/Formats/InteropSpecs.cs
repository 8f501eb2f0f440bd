using Apache.Arrow;
using Apache.Arrow.Ipc;
using ParquetSharp;
using ZeroCopy.Datasets.Tests.Rows;
using ZeroCopy.Tensors;
using Columns = ZeroCopy.Datasets.Tests.Rows.Columns;

namespace ZeroCopy.Datasets.Tests.Formats;

/// <summary>Other libraries read what is written here, and their files are read here.</summary>
public sealed class InteropSpecs
{
    [Fact]
    public async Task ParquetSharp_should_read_what_is_written_here()
    {
        using var file = new FormatFile("rows.parquet");
        await file.WriteAsync(Sample(), Sample());

        using var reader = new ParquetFileReader(file.Path);
        using var group = reader.RowGroup(1);

        Assert.Equal((2, 6L), (reader.FileMetaData.NumRowGroups, reader.FileMetaData.NumRows));
        Assert.Equal([1L, 2, 3], group.Column(0).LogicalReader<long>().ReadAll(3));
        Assert.Equal("a,,é", string.Join(',', group.Column(1).LogicalReader<string>().ReadAll(3)));
        Assert.Equal([[0.5f, 1], [], null], group.Column(2).LogicalReader<float?[]?>().ReadAll(3).Select(
            row => row?.Select(value => value!.Value).ToArray()));
    }

    [Theory]
    [InlineData("rows.parquet", "read_parquet")]
    [InlineData("rows.csv", "read_csv")]
    [InlineData("rows.jsonl", "read_json")]
    public async Task DuckDb_should_read_what_is_written_here(string name, string function)
    {
        using var file = new FormatFile(name);
        await file.WriteAsync(Sample(), Sample());

        Assert.Equal("6, 12, 2, é", DuckDb.Query(
            $"SELECT concat_ws(', ', count(*), sum(n)::INT, count(*) FILTER (text = 'a'), max(text)) FROM {function}('{file.Path}')"));
        if (name != "rows.csv")
        {
            Assert.Equal("3", DuckDb.Query($"SELECT sum(list_sum(list))::FLOAT FROM {function}('{file.Path}')"));
        }
    }

    [Theory]
    [InlineData("rows.arrow")]
    [InlineData("rows.arrows")]
    public async Task Arrow_should_read_what_is_written_here(string name)
    {
        using var file = new FormatFile(name);
        await file.WriteAsync(Sample(), Sample());

        using var stream = File.OpenRead(file.Path);
        using var reader = name == "rows.arrow" ? new ArrowFileReader(stream) : new ArrowStreamReader(stream);
        using var first = await reader.ReadNextRecordBatchAsync();
        using var second = await reader.ReadNextRecordBatchAsync();

        Assert.Equal([1L, 2, 3], ((Int64Array)second.Column("n")).Values.ToArray());
        var texts = (StringArray)second.Column("text");
        Assert.Equal("a,,é", string.Join(',', Enumerable.Range(0, 3).Select(row => texts.GetString(row))));
        Assert.Equal([2, 0, 0], Enumerable.Range(0, 3).Select(((ListArray)second.Column("list")).GetValueLength));
    }

    [Theory]
    [InlineData("snappy")]
    [InlineData("zstd")]
    [InlineData("gzip")]
    [InlineData("uncompressed")]
    [InlineData("lz4_raw")]
    [InlineData("brotli")]
    [InlineData("snappy, PARQUET_VERSION v2")]
    public async Task Parquet_of_DuckDb_should_be_read_here(string compression)
    {
        using var file = new FormatFile("rows.parquet");
        DuckDb.Query(
            "COPY (SELECT range AS n, ['a', 'b', NULL][1 + range % 3] AS text, [range::FLOAT, 0.5::FLOAT] AS list, "
            + $"[range::DOUBLE, 1.0]::DOUBLE[2] AS fixed FROM range(3000)) TO '{file.Path}' (FORMAT parquet, COMPRESSION {compression}, "
            + $"ROW_GROUP_SIZE 2048)");

        var rows = await file.ReadAsync();

        Assert.Equal(3000, rows.Rows);
        Assert.Equal(["1", "\"b\"", "[1,0.5]", "[1,1]"], rows.Columns.Select(column => column.ToJson()[1]));
        Assert.Equal(["2999", "null", "[2999,0.5]", "[2999,1]"], rows.Columns.Select(column => column.ToJson()[2999]));
    }

    [Fact]
    public async Task Parquet_of_ParquetSharp_with_dictionaries_and_nested_lists_should_be_read_here()
    {
        using var file = new FormatFile("rows.parquet");
        using (var writer = new ParquetFileWriter(
            file.Path, [new Column<string>("text"), new Column<float[]>("list"), new Column<int[][]>("deep"),
                new Column<double?>("maybe")]))
        {
            using var group = writer.AppendRowGroup();
            group.NextColumn().LogicalWriter<string>().WriteBatch(["x", "y", "x"]);
            group.NextColumn().LogicalWriter<float[]>().WriteBatch([[1, 2], [], [3]]);
            group.NextColumn().LogicalWriter<int[][]>().WriteBatch([[[1], [2, 3]], [], [[]]]);
            group.NextColumn().LogicalWriter<double?>().WriteBatch([0.5, null, -1]);
            writer.Close();
        }

        var rows = await file.ReadAsync();

        Assert.Equal(
            [["\"x\"", "\"y\"", "\"x\""], ["[1,2]", "[]", "[3]"], ["[[1],[2,3]]", "[]", "[[]]"], ["0.5", "null", "-1"]],
            rows.Columns.Select(column => column.ToJson().ToArray()));
    }

    [Fact]
    public async Task Arrow_with_dictionaries_fixed_lists_and_slices_should_be_read_here()
    {
        using var file = new FormatFile("rows.arrow");
        var text = new DictionaryArray(
            new Apache.Arrow.Types.DictionaryType(Apache.Arrow.Types.Int32Type.Default, Apache.Arrow.Types.StringType.Default, false),
            new Int32Array.Builder().Append(1).Append(0).AppendNull().Append(1).Build(),
            new StringArray.Builder().Append("a").Append("b").Build());
        var list = new FixedSizeListArray.Builder(Apache.Arrow.Types.FloatType.Default, 2);
        var values = (FloatArray.Builder)list.ValueBuilder;
        for (var row = 0; row < 4; row++)
        {
            list.Append();
            values.Append(row).Append(-row);
        }

        var batch = new RecordBatch.Builder().Append("text", true, text).Append("list", false, list.Build()).Build();
        await using (var stream = File.Create(file.Path))
        {
            using var writer = new ArrowFileWriter(stream, batch.Schema);
            await writer.WriteRecordBatchAsync(batch);
            await writer.WriteRecordBatchAsync(batch.Slice(1, 2));
            await writer.WriteEndAsync();
        }

        var rows = await file.ReadAsync();

        Assert.Equal(["\"b\"", "\"a\"", "null", "\"b\"", "\"a\"", "null"], rows.Columns[0].ToJson());
        Assert.Equal(["[0,0]", "[1,-1]", "[2,-2]", "[3,-3]", "[1,-1]", "[2,-2]"], rows.Columns[1].ToJson());
    }

    [Fact]
    public async Task Arrow_with_nulls_among_the_values_of_dictionaries_should_be_read_here()
    {
        using var file = new FormatFile("rows.arrow");
        var numbers = Dictionary(new DoubleArray.Builder().Append(1.5).AppendNull().Build());
        var list = new ListArray(
            new Apache.Arrow.Types.ListType(numbers.Data.DataType), 2, new ArrowBuffer.Builder<int>().AppendRange([0, 2, 4]).Build(),
            numbers, ArrowBuffer.Empty);
        var batch = new RecordBatch.Builder()
            .Append("number", true, numbers.Slice(0, 2))
            .Append("truth", true, Dictionary(new BooleanArray.Builder().Append(true).AppendNull().Build()).Slice(0, 2))
            .Append("text", true, Dictionary(new StringArray.Builder().Append("a").AppendNull().Build()).Slice(0, 2))
            .Append("view", true, Dictionary(new StringViewArray.Builder().Append("a").AppendNull().Build()).Slice(1, 2))
            .Append("day", true, Dictionary(new Date32Array.Builder().Append(DateTime.UnixEpoch).AppendNull().Build()).Slice(2, 2))
            .Append("list", true, list)
            .Build();
        await using (var stream = File.Create(file.Path))
        {
            using var writer = new ArrowFileWriter(stream, batch.Schema);
            await writer.WriteRecordBatchAsync(batch);
            await writer.WriteEndAsync();
        }

        var rows = await file.ReadAsync();

        Assert.Equal(
            [
                ["1.5", "null"], ["true", "null"], ["\"a\"", "null"], ["null", "null"], ["null", "\"1970-01-01\""],
                ["[1.5,null]", "[null,1.5]"],
            ],
            rows.Columns.Select(column => column.ToJson().ToArray()));

        // Its values by the indexes 0, 1, null and 0.
        static DictionaryArray Dictionary(IArrowArray values) => new(
            new Apache.Arrow.Types.DictionaryType(Apache.Arrow.Types.Int32Type.Default, values.Data.DataType, false),
            new Int32Array.Builder().Append(0).Append(1).AppendNull().Append(0).Build(), values);
    }

    [Fact]
    public async Task Arrow_without_places_of_arrays_that_are_empty_should_be_read_here()
    {
        using var file = new FormatFile("rows.arrow");
        var batch = new RecordBatch.Builder()
            .Append("text", false, Empty(new StringArray(0, ArrowBuffer.Empty, ArrowBuffer.Empty, ArrowBuffer.Empty)))
            .Append("large text", false, Empty(new LargeStringArray(0, ArrowBuffer.Empty, ArrowBuffer.Empty, ArrowBuffer.Empty)))
            .Append("list", false, Empty(new ListArray(
                new Apache.Arrow.Types.ListType(Apache.Arrow.Types.Int64Type.Default), 0, ArrowBuffer.Empty,
                new Int64Array.Builder().Build(), ArrowBuffer.Empty)))
            .Append("large list", false, Empty(new LargeListArray(
                new Apache.Arrow.Types.LargeListType(Apache.Arrow.Types.Int64Type.Default), 0, ArrowBuffer.Empty,
                new Int64Array.Builder().Build(), ArrowBuffer.Empty)))
            .Build();
        await using (var stream = File.Create(file.Path))
        {
            using var writer = new ArrowFileWriter(stream, batch.Schema);
            await writer.WriteRecordBatchAsync(batch);
            await writer.WriteEndAsync();
        }

        var rows = await file.ReadAsync();

        Assert.Equal(4, rows.Columns.Length);
        Assert.All(rows.Columns, column => Assert.Equal(["[]", "[]"], column.ToJson()));

        // Two lists of nothing.
        static ListArray Empty(IArrowArray values) => new(
            new Apache.Arrow.Types.ListType(values.Data.DataType), 2, new ArrowBuffer.Builder<int>().AppendRange([0, 0, 0]).Build(), values,
            ArrowBuffer.Empty);
    }

    [Fact]
    public async Task Arrow_with_views_of_texts_and_lists_should_be_read_here()
    {
        using var file = new FormatFile("rows.arrow");
        var text = new StringViewArray.Builder().Append("a").AppendNull().Append("longer than twelve bytes").Append("").Build();
        var list = new ListViewArray.Builder(Apache.Arrow.Types.FloatType.Default);
        var values = (FloatArray.Builder)list.ValueBuilder;
        foreach (var length in (int[])[2, 0, 1])
        {
            list.Append();
            for (var i = 0; i < length; i++)
            {
                values.Append(length + (i / 2f));
            }
        }

        list.AppendNull();
        var batch = new RecordBatch.Builder().Append("text", true, text).Append("list", true, list.Build())
            .Append("mixed", false, Mixed()).Build();
        await using (var stream = File.Create(file.Path))
        {
            using var writer = new ArrowFileWriter(stream, batch.Schema);
            await writer.WriteRecordBatchAsync(batch);
            await writer.WriteRecordBatchAsync(batch.Slice(1, 2));
            await writer.WriteEndAsync();
        }

        var rows = await file.ReadAsync();

        Assert.Equal(
            ["\"a\"", "null", "\"longer than twelve bytes\"", "\"\"", "null", "\"longer than twelve bytes\""], rows.Columns[0].ToJson());
        Assert.Equal(["[2,2.5]", "[]", "[1]", "null", "[]", "[1]"], rows.Columns[1].ToJson());
        Assert.Equal(["[3,4]", "[1]", "[1,2,3]", "[]", "[1]", "[1,2,3]"], rows.Columns[2].ToJson());

        // Lists that share elements, in no order.
        static ListViewArray Mixed() => new(
            new Apache.Arrow.Types.ListViewType(Apache.Arrow.Types.Int64Type.Default), 4,
            new ArrowBuffer.Builder<int>().AppendRange([2, 0, 0, 1]).Build(),
            new ArrowBuffer.Builder<int>().AppendRange([2, 1, 3, 0]).Build(),
            new Int64Array.Builder().AppendRange([1L, 2, 3, 4]).Build(), ArrowBuffer.Empty, 0, 0);
    }

    [Theory]
    [InlineData("rows.parquet")]
    [InlineData("rows.arrow")]
    [InlineData("rows.npy")]
    [InlineData("rows.safetensors")]
    public async Task Format_should_say_that_a_file_is_cut_short(string name)
    {
        using var file = new FormatFile(name);
        await file.WriteAsync(Columns.Chunk(Columns.OfJson("x", DType.Float32, "[1,2]", "[3,4]")));
        await using (var stream = File.OpenWrite(file.Path))
        {
            stream.SetLength(stream.Length / 2);
        }

        var error = await Assert.ThrowsAnyAsync<Errors.ZeroCopyException>(() => file.ReadAsync());

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private static Datasets.Rows.RowChunk Sample() => Columns.Chunk(
        Columns.Numbers("n", DType.Int64, 1L, 2, 3),
        Columns.Texts("text", "a", null, "é"),
        Columns.OfJson("list", DType.Float32, "[0.5,1]", "[]", "null"));
}
