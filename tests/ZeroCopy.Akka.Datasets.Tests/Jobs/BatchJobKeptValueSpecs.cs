using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Datasets.Tests.Formats;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

/// <summary>Dates, times and decimals: they go from file to file, and to no model.</summary>
public sealed class BatchJobKeptValueSpecs : IDisposable
{
    // What DuckDB calls a type that was read, written, read and written.
    private static readonly (string Value, string DuckDb, string Type, string Text)[] Values =
    [
        ("DATE '2024-02-29'", "DATE", "date32", "2024-02-29"),
        ("DATE '1969-12-31'", "DATE", "date32", "1969-12-31"),
        ("TIMESTAMP '2024-02-29 12:00:00'", "TIMESTAMP", "timestamp[us]", "2024-02-29T12:00:00"),
        ("TIMESTAMP '1969-12-31 23:59:59.999999'", "TIMESTAMP", "timestamp[us]", "1969-12-31T23:59:59.999999"),
        ("TIMESTAMPTZ '2024-02-29 12:00:00.5+01'", "TIMESTAMP WITH TIME ZONE", "timestamp[us]", "2024-02-29T11:00:00.500000Z"),
        ("TIMESTAMP_MS '2024-02-29 12:00:00.25'", "TIMESTAMP", "timestamp[ms]", "2024-02-29T12:00:00.250"),
        ("TIME '12:30:05.000001'", "TIME", "time64[us]", "12:30:05.000001"),
        ("1.25::DECIMAL(10, 2)", "DECIMAL(10,2)", "decimal(10, 2)", "1.25"),
        ("-0.05::DECIMAL(4, 2)", "DECIMAL(4,2)", "decimal(4, 2)", "-0.05"),
        ("'-1234567890123456789012345678.0123456789'::DECIMAL(38, 10)", "DECIMAL(38,10)", "decimal(38, 10)",
            "-1234567890123456789012345678.0123456789"),
        ("12::DECIMAL(18, 0)", "DECIMAL(18,0)", "decimal(18, 0)", "12"),
    ];

    // All but points in time to the microsecond.
    private static readonly (string Value, string DuckDb, string Type, string Text)[] OfParquet =
        [.. Values.Where(value => value.Type != "timestamp[us]")];

    private readonly TemporaryDirectory _directory = new();

    public static IEnumerable<object[]> Texts => Values.Select(value => new object[] { value.Value, value.Text });

    public static IEnumerable<object[]> DuckDbTypes => OfParquet.Select(value => new object[] { value.Value, value.DuckDb, value.Text });

    public static IEnumerable<object[]> Types => Values.Select(value => new object[] { value.Value, value.Type });

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task BatchJob_should_keep_values_as_texts_where_the_output_has_nothing_else(string value, string text)
    {
        var input = Write(value);

        await RunAsync(input, "out.csv");
        await RunAsync(input, "out.jsonl");

        Assert.Equal(["other,output", $"{text},3", ",4"], File.ReadLines(_directory.File("out.csv")));
        Assert.Equal(
            [$$"""{"other":"{{text}}","output":3}""", """{"other":null,"output":4}"""], File.ReadLines(_directory.File("out.jsonl")));
    }

    [Theory]
    [MemberData(nameof(DuckDbTypes))]
    public async Task BatchJob_should_keep_values_in_their_own_type_where_the_output_has_it(string value, string type, string text)
    {
        await RunAsync(Write(value), "out.parquet");
        await RunAsync(_directory.File("out.parquet"), "out.arrow", "output");
        await RunAsync(_directory.File("out.arrow"), "again.parquet", "output");
        await RunAsync(_directory.File("again.parquet"), "out.jsonl", "output");

        Assert.Equal($"{type}, true, NULL", DuckDb.Query(
            $"SELECT concat_ws(', ', typeof(first(other)), (first(other) = {value})::VARCHAR, ifnull(last(other)::VARCHAR, 'NULL')) "
            + $"FROM read_parquet('{_directory.File("again.parquet")}')"));
        Assert.StartsWith($$"""{"other":"{{text}}",""", File.ReadLines(_directory.File("out.jsonl")).First(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task BatchJob_should_send_no_value_to_a_model_and_no_file_of_numbers(string value, string type)
    {
        var input = Write(value);
        var endpoint = FakeEndpoint.Of(inputs => inputs[0], new ValueSignature("x"), new ValueSignature("other"));

        var (named, bound, kept) = (
            await RefusalAsync(endpoint, Options(input, "out.jsonl") with { Keep = [] }),
            await RefusalAsync(FakeEndpoint.Doubling(), Options(input, "out.jsonl") with
            {
                Binding = new BindingOptions { Columns = ["x=x,other"] },
            }),
            await RefusalAsync(FakeEndpoint.Doubling(), Options(input, "out.npy")));

        Assert.StartsWith($"Column 'other' is of type {type}, which no model takes; ", named, StringComparison.Ordinal);
        Assert.Equal(named, bound);
        Assert.Equal($"Column 'other' is {type}, and a file of Npy holds numbers alone.", kept);
    }

    [Theory]
    [InlineData("TIMESTAMP_NS '2024-02-29 12:00:00.123456789'", "timestamp[ns]")]
    [InlineData("TIMESTAMP '2024-02-29 12:00:00'", "timestamp[us]")]
    public async Task BatchJob_should_refuse_values_that_Parquet_has_no_place_for_before_it_runs(string value, string type)
    {
        var endpoint = FakeEndpoint.Doubling();

        var error = await RefusalAsync(endpoint, Options(Write(value), "out.parquet"));

        Assert.Equal($"Column 'other' is {type}, and a file of Parquet holds no such values here; write .arrow.", error);
        Assert.Equal(0, endpoint.Calls);
    }

    [Theory]
    [InlineData("'infinity'::DATE", "date32 outside of the years 1 to 9999")]
    [InlineData("DATE '0044-03-15 (BC)'", "date32 outside of the years 1 to 9999")]
    [InlineData("TIMESTAMP 'infinity'", "timestamp[us] outside of the years 1 to 9999")]
    [InlineData("TIME '24:00:00'", "time64[us] outside of the 24 hours of a day")]
    public async Task BatchJob_should_fail_a_row_whose_value_has_no_text(string value, string words)
    {
        var options = Options(Write(value), "out.jsonl");

        var error = await RefusalAsync(FakeEndpoint.Doubling(), options);
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { SkipFailed = true });

        Assert.Contains($"'other' has a {words}, ", error, StringComparison.Ordinal);
        Assert.Contains(words, Assert.Single(File.ReadLines(report.FailedFile!)), StringComparison.Ordinal);
        Assert.Equal(["{\"other\":null,\"output\":4}"], File.ReadLines(options.Output));
    }

    [Fact]
    public async Task BatchJob_should_keep_values_in_several_row_groups_and_two_runs()
    {
        const int Group = 1 << 16;
        var (input, columns) = (_directory.File("in.parquet"), OfParquet.Select((value, index) => $"{value.Value} AS c{index}"));
        DuckDb.Query(
            $"COPY (SELECT 1::FLOAT AS x, {string.Join(", ", columns)} FROM range({(2 * Group) + 1})) TO '{input}' (FORMAT parquet)");
        var options = Options(input, "out.parquet") with
        {
            Keep = [.. OfParquet.Select((_, index) => $"c{index}")],
            BatchSize = 1 << 14,
            CallsInFlight = 1,
            CommitInterval = TimeSpan.Zero,
        };
        var calls = 0;
        var broken = FakeEndpoint.Of(
            inputs => ++calls > 6 ? throw new InferenceException(InferenceFailure.LoadFailed, "gone") : FakeEndpoint.Doubled(inputs[0]),
            new ValueSignature("x"));

        await Assert.ThrowsAsync<InferenceException>(() => BatchJob.RunAsync(broken, options));
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        var matches = string.Join(", ", OfParquet.Select((value, index) => $"count_if(c{index} = ({value.Value}))"));
        Assert.True(report.ResumedAt >= Group);
        Assert.Equal(string.Join(' ', Enumerable.Repeat((2 * Group) + 1, OfParquet.Length)), DuckDb.Query(
            $"SELECT concat_ws(' ', {matches}) FROM read_parquet('{options.Output}')"));
    }

    [Fact]
    public async Task Arrow_should_read_values_that_are_kept()
    {
        await RunAsync(Write("TIMESTAMP_NS '1969-12-31 23:59:59.123456789'"), "out.arrow");

        using var stream = File.OpenRead(_directory.File("out.arrow"));
        using var reader = new ArrowFileReader(stream);
        using var batch = await reader.ReadNextRecordBatchAsync();
        var moments = (TimestampArray)batch.Column("other");

        Assert.Equal((TimeUnit.Nanosecond, -876_543_211L), (((TimestampType)moments.Data.DataType).Unit, moments.GetValue(0)));
        Assert.True(moments.IsNull(1));
    }

    private static async Task<string> RefusalAsync(FakeEndpoint endpoint, BatchJobOptions options) =>
        (await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(endpoint, options))).Message;

    private Task<BatchReport> RunAsync(string input, string output, string column = "x") => BatchJob.RunAsync(
        FakeEndpoint.Doubling(), Options(input, output) with { Binding = new BindingOptions { Columns = ["x=" + column] } });

    private string Write(string value)
    {
        DuckDb.Query(
            $"COPY (SELECT 1.5::FLOAT AS x, {value} AS other UNION ALL SELECT 2::FLOAT, NULL ORDER BY x) "
            + $"TO '{_directory.File("in.parquet")}' (FORMAT parquet)");
        return _directory.File("in.parquet");
    }

    private BatchJobOptions Options(string input, string output) =>
        new() { Inputs = [input], Output = _directory.File(output), Keep = ["other"], BatchSize = 2 };
}
