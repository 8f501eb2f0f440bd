using ZeroCopy.Datasets.Rows;
using ZeroCopy.Datasets.Tests.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Tests.Formats;

/// <summary>What every format that is a table promises.</summary>
public sealed class FormatSpecs
{
    public static TheoryData<string> Typed => new("rows.parquet", "rows.arrow", "rows.arrows");

    public static TheoryData<string> Tables => new("rows.csv", "rows.tsv", "rows.jsonl", "rows.parquet", "rows.arrow", "rows.arrows");

    [Theory]
    [MemberData(nameof(Typed))]
    public async Task Format_should_return_numbers_of_each_type_as_they_were(string name)
    {
        using var file = new FormatFile(name);
        var rows = Columns.Chunk(
            Columns.Numbers("bool", DType.Bool, true, false),
            Columns.Numbers("u8", DType.UInt8, (byte)0, byte.MaxValue),
            Columns.Numbers("i8", DType.Int8, sbyte.MinValue, sbyte.MaxValue),
            Columns.Numbers("u16", DType.UInt16, (ushort)0, ushort.MaxValue),
            Columns.Numbers("i16", DType.Int16, short.MinValue, short.MaxValue),
            Columns.Numbers("u32", DType.UInt32, 0u, uint.MaxValue),
            Columns.Numbers("i32", DType.Int32, int.MinValue, int.MaxValue),
            Columns.Numbers("u64", DType.UInt64, 0ul, ulong.MaxValue),
            Columns.Numbers("i64", DType.Int64, long.MinValue, long.MaxValue),
            Columns.Numbers("f32", DType.Float32, float.NaN, float.Epsilon),
            Columns.Numbers("f64", DType.Float64, double.NegativeInfinity, double.Epsilon));

        await file.WriteAsync(rows);

        var read = await file.ReadAsync();
        Assert.Equal(rows.Columns.Select(column => column.Type), read.Columns.Select(column => column.Type));
        Assert.Equal(
            rows.Columns.Select(column => Convert.ToHexString(column.Numbers().Span)),
            read.Columns.Select(column => Convert.ToHexString(column.Numbers().Span)));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Format_should_return_texts_as_they_were(string name)
    {
        using var file = new FormatFile(name);
        var texts = Columns.Texts("text", "plain", "a,b\t\"c\"\nd", "", null, " é漢😀 ", "NULL", "[1]");

        await file.WriteAsync(Columns.Chunk(texts, Columns.Numbers("n", DType.Int32, 1, 2, 3, 4, 5, 6, 7)));

        var read = await file.ReadAsync("text");
        Assert.Equal(texts.ToJson(), Datasets.Rows.ValueTypes.ToText(read.Columns[0]).ToJson());
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Format_should_return_numbers_lists_and_nulls_as_they_were(string name)
    {
        using var file = new FormatFile(name);
        var rows = Columns.Chunk(
            Columns.OfJson("scalar", DType.Float32, "0.1", "null", "-3", "1E-42"),
            Columns.OfJson("list", DType.Float32, "[1,2.5]", "null", "[]", "[3,null,4]"),
            Columns.OfJson("deep", DType.Int64, "[[1,2],[3]]", "[]", "null", "[[],[4]]"));

        await file.WriteAsync(rows);

        var read = await file.ReadAsync();
        Assert.Equal(rows.Columns.SelectMany(column => column.ToJson()), rows.Columns.Zip(read.Columns).SelectMany(
            pair => (pair.Second.Type.Kind == ElementKind.Number
                ? pair.Second : NumberColumnBuilder.Build(pair.Second, pair.First.Type.DType, pair.First.Type.Depth)).ToJson()));
    }

    [Theory]
    [InlineData("rows.npy")]
    [InlineData("rows.safetensors")]
    public async Task Format_should_return_a_tensor_as_it_was(string name)
    {
        using var file = new FormatFile(name);
        var rows = Columns.Chunk(Columns.OfJson("x", DType.Float32, "[[1,2],[3,4]]", "[[5,6],[7,8]]", "[[9,10],[11,12]]"));

        await file.WriteInRunsAsync(rows.Slice(0, 1), rows.Slice(1, 2));

        var read = await file.ReadAsync();
        Assert.Equal(rows.Columns[0].ToJson(), read.Columns[0].ToJson());
        Assert.Equal(DType.Float32, read.Columns[0].Type.DType);
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Format_should_write_the_same_bytes_in_several_runs_as_in_one(string name)
    {
        using var file = new FormatFile(name);
        var rows = Columns.Chunk(
            Columns.OfJson("x", DType.Float32, "[1,2]", "[3]", "[4,5]", "[6]", "[7]", "[]"),
            Columns.Texts("id", "a", "b", null, "d", "e", "f"));
        RowChunk[] groups = [rows.Slice(0, 2), rows.Slice(2, 3), rows.Slice(5, 1)];

        await file.WriteAsync(groups);
        var unbroken = await File.ReadAllBytesAsync(file.Path);
        await file.WriteInRunsAsync(groups);

        Assert.Equal(unbroken, await File.ReadAllBytesAsync(file.Path));
        Assert.Equal(6, (await file.ReadAsync()).Rows);
    }

    [Fact]
    public async Task Format_of_tensors_should_take_rows_beside_which_others_have_nulls()
    {
        using var file = new FormatFile("rows.safetensors");
        var list = Columns.OfJson("x", DType.Float32, "[1,2]", "[3,null]", "[5,6]");

        await file.WriteAsync(Columns.Chunk(list.Slice(0, 1)), Columns.Chunk(list.Slice(2, 1)));

        Assert.Equal(["[1,2]", "[5,6]"], (await file.ReadAsync()).Columns[0].ToJson());
        var error = await Assert.ThrowsAsync<DatasetException>(() => file.WriteAsync(Columns.Chunk(list.Slice(1, 1))));
        Assert.Contains("has nulls", error.Message, StringComparison.Ordinal);
    }
}
