using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Datasets.Tests.Formats;
using ZeroCopy.Endpoints;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

/// <summary>Columns of types that are not read here: they may lie in a file, and are refused where they are asked for.</summary>
public sealed class BatchJobUnreadColumnSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("MAP {'a': 1}", "map")]
    [InlineData("{'a': 1, 'b': 'text'}", "struct")]
    [InlineData("'bytes'::BLOB", "binary")]
    [InlineData("[DATE '2024-02-29']", "list of date32")]
    public async Task BatchJob_should_name_a_column_that_it_cannot_read_and_its_type(string value, string type)
    {
        var input = Write("in.parquet", $"1.5::FLOAT AS x, {value} AS other");

        var (kept, bound, named) = (
            await RefusalAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["other"] }),
            await RefusalAsync(FakeEndpoint.Doubling(), Options(input) with { Binding = new BindingOptions { Columns = ["x=x,other"] } }),
            await RefusalAsync(FakeEndpoint.Of(inputs => inputs[0], new ValueSignature("x"), new ValueSignature("other")), Options(input)));

        Assert.StartsWith($"Column 'other' is of type {type}", kept, StringComparison.Ordinal);
        Assert.EndsWith("write it to the file as one of these.", kept, StringComparison.Ordinal);
        Assert.Equal((kept, kept), (bound, named));
    }

    [Fact]
    public async Task BatchJob_should_pass_over_a_column_that_it_cannot_read_and_is_not_asked_for()
    {
        var input = Write(
            "in.parquet", "MAP {'a': 1} AS map, {'a': 1, 'b': 'text'} AS pair, 1.5::FLOAT AS x, 'name' AS id, today() AS day");

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["id"] });

        Assert.Equal("""{"id":"name","output":3}""", Assert.Single(File.ReadLines(_directory.File("out.jsonl"))));
    }

    [Fact]
    public async Task BatchJob_should_pass_over_tensors_of_other_rows_that_it_is_not_asked_for()
    {
        var input = _directory.File("in.safetensors");
        SafetensorsWriter.Write(
            input,
            [
                KeyValuePair.Create("bias", HostTensor.From<float>(DType.Float32, [7, 8, 9], 3)),
                KeyValuePair.Create("step", HostTensor.From<float>(DType.Float32, [7])),
                KeyValuePair.Create("x", HostTensor.From<float>(DType.Float32, [1, 2, 3, 4], 2, 2)),
            ]);

        var (other, none) = (
            await RefusalAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["bias"] }),
            await RefusalAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["step"] }));
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input));

        Assert.Equal($"'{input}': 'bias' has 3 rows and 'x' 2; tensors of one dataset have as many.", other);
        Assert.Equal($"'{input}': 'step' has no dimensions; the first one counts the rows.", none);
        Assert.Equal(2, report.Rows);
        Assert.Equal(["""{"output":[2,4]}""", """{"output":[6,8]}"""], File.ReadLines(report.Output));
    }

    [Fact]
    public async Task BatchJob_should_name_the_column_of_a_file_that_has_no_other() => Assert.StartsWith(
        "Column 'day' is of type date32",
        await RefusalAsync(FakeEndpoint.Doubling(), Options(Write("in.parquet", "today() AS day"))), StringComparison.Ordinal);

    [Fact]
    public async Task BatchJob_should_name_both_types_of_a_column_that_it_cannot_read_in_one_of_the_files()
    {
        var (one, other) = (Write("one.parquet", "1.5::FLOAT AS x"), Write("other.parquet", "today() AS x"));

        var error = await RefusalAsync(FakeEndpoint.Doubling(), Options(one, other));

        Assert.Equal($"Column 'x' is date32 in '{other}' and F32 in '{one}'; make them of one type.", error);
    }

    [Theory]
    [InlineData("binaryview")]
    [InlineData("duration")]
    public async Task BatchJob_should_name_a_column_of_a_type_that_only_Arrow_has(string type)
    {
        var input = _directory.File("in.arrow");
        using var batch = new RecordBatch.Builder()
            .Append("x", false, new FloatArray.Builder().Append(1.5f).Build())
            .Append("raw", false, type == "duration"
                ? new DurationArray.Builder(DurationType.Second).Append(1).Build()
                : (IArrowArray)new BinaryViewArray.Builder().Append([1, 2]).Build()).Build();
        await using (var stream = File.Create(input))
        {
            using var writer = new ArrowFileWriter(stream, batch.Schema);
            await writer.WriteRecordBatchAsync(batch);
            await writer.WriteEndAsync();
        }

        Assert.StartsWith(
            $"Column 'raw' is of type {type}, and ",
            await RefusalAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["raw"] }), StringComparison.Ordinal);
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input));
        Assert.Equal("""{"output":3}""", Assert.Single(File.ReadLines(_directory.File("out.jsonl"))));
    }

    [Theory]
    [InlineData("1.5::FLOAT AS x", "has no column 'day'")]
    [InlineData("1.5::FLOAT AS x, now()::TIMESTAMP AS day", "Column 'day' is timestamp[us] in ")]
    [InlineData("1.5::FLOAT AS x, [today()] AS day", "Column 'day' is list of date32 in ")]
    public async Task BatchJob_should_pass_over_dates_that_are_not_in_all_files(string columns, string words)
    {
        var options = Options(Write("one.parquet", "1.5::FLOAT AS x, today() AS day"), Write("other.parquet", columns));

        var error = await RefusalAsync(FakeEndpoint.Doubling(), options with { Keep = ["day"] });
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);

        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Equal(2, File.ReadLines(_directory.File("out.jsonl")).Count());
    }

    private static async Task<string> RefusalAsync(FakeEndpoint endpoint, BatchJobOptions options) =>
        (await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(endpoint, options))).Message;

    private string Write(string name, string columns)
    {
        DuckDb.Query($"COPY (SELECT {columns}) TO '{_directory.File(name)}' (FORMAT parquet)");
        return _directory.File(name);
    }

    private BatchJobOptions Options(params string[] inputs) =>
        new() { Inputs = [.. inputs], Output = _directory.File("out.jsonl") };
}
