using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Datasets.Tests.Formats;
using ZeroCopy.Datasets.Tests.Rows;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

public sealed class BatchJobSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task BatchJob_should_answer_every_row_once_and_in_order()
    {
        var input = Write("in.jsonl", Enumerable.Range(0, 10).Select(row => $$"""{"x": {{row}}, "id": "row {{row}}"}"""));

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["id"] });

        Assert.Equal(
            Enumerable.Range(0, 10).Select(row => $$"""{"id":"row {{row}}","output":{{row * 2}}}"""),
            File.ReadLines(_directory.File("out.jsonl")));
        Assert.Equal((10L, 0L, 0L), (report.Rows, report.Failed, report.ResumedAt));
    }

    [Theory]
    [InlineData("18446744073709551614", "18446744073709551615")]
    [InlineData("9223372036854775808", "9223372036854775809")]
    [InlineData("123456789012345678901234567890", "1.5")]
    [InlineData("007", "7")]
    public async Task BatchJob_should_carry_whole_numbers_over_digit_by_digit(string one, string other)
    {
        var input = _directory.File("in.csv");
        File.WriteAllLines(input, ["id,x", $"{one},1", $"{other},2"]);

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["id"] });

        Assert.Equal(
            [$$"""{"id":"{{one}}","output":2}""", $$"""{"id":"{{other}}","output":4}"""], File.ReadLines(_directory.File("out.jsonl")));
    }

    [Theory]
    [InlineData(" 0012", "13", "\" 0012\"", "\"13\"")]
    [InlineData("-0012", "13", "\"-0012\"", "\"13\"")]
    [InlineData("-0", "7", "-0.0", "7")]
    [InlineData("1.5", "NaN", "1.5", "\"NaN\"")]
    [InlineData("-Infinity", "2", "\"-Infinity\"", "2")]
    [InlineData("NaN", "Infinity", "\"NaN\"", "\"Infinity\"")]
    [InlineData("\"[true,1]\"", "\"[false,0]\"", "\"[true,1]\"", "\"[false,0]\"")]
    [InlineData("\"[true,false]\"", "\"[true]\"", "[true,false]", "[true]")]
    [InlineData("\"[1,-2]\"", "\"[]\"", "[1,-2]", "[]")]
    [InlineData("\"[1,02]\"", "\"[3]\"", "\"[1,02]\"", "\"[3]\"")]
    [InlineData("true", "True", "\"true\"", "\"True\"")]
    public async Task BatchJob_should_carry_values_over_that_read_back_as_they_were_written(
        string one, string other, string oneKept, string otherKept)
    {
        var input = Write("in.csv", ["x,kept", $"1,{one}", $"2,{other}"]);

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input) with { Keep = ["kept"] });

        Assert.Equal(
            [$$"""{"kept":{{oneKept}},"output":2}""", $$"""{"kept":{{otherKept}},"output":4}"""],
            File.ReadLines(_directory.File("out.jsonl")));
    }

    [Theory]
    [InlineData("12", "55000.5", "12", "55000.5")]
    [InlineData("12", "A12", "\"12\"", "\"A12\"")]
    [InlineData("9007199254740993", "0.5", "\"9007199254740993\"", "\"0.5\"")]
    [InlineData("", "12", "null", "12")]
    [InlineData("\"[1, 2]\"", "7", "\"[1, 2]\"", "\"7\"")]
    [InlineData("true", "1", "\"true\"", "\"1\"")]
    public async Task BatchJob_should_carry_over_a_column_whose_last_value_is_of_another_kind(
        string first, string last, string firstKept, string lastKept)
    {
        // More than is read at a time.
        const int rows = 3_000;
        var padding = new string('p', 1_000);
        var input = Write("in.csv", Enumerable.Range(0, rows).Select(row => $"{row},{(row == rows - 1 ? last : first)},{padding}")
            .Prepend("x,kept,padding"));

        await BatchJob.RunAsync(
            FakeEndpoint.Doubling(), Options(input) with { Keep = ["kept"], BatchSize = rows, Output = _directory.File("out.arrow") });

        await using var reader = await DatasetFormats.OpenReaderAsync(_directory.File("out.arrow"), CancellationToken.None);
        reader.Select(["kept"]);
        var kept = new List<string>();
        while (await reader.ReadAsync(CancellationToken.None) is { } chunk)
        {
            kept.AddRange(chunk.Columns[0].ToJson());
        }

        Assert.Equal([.. Enumerable.Repeat(firstKept, rows - 1), lastKept], kept);
    }

    [Fact]
    public async Task BatchJob_should_take_lists_of_which_the_first_comes_late()
    {
        // Behind more than is read at a time.
        const int rows = 3_000;
        var padding = new string('p', 1_000);
        var input = Write("in.csv", Enumerable.Repeat($",{padding}", rows).Append($"\"[1, 2]\",{padding}").Prepend("x,padding"));

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input) with { SkipFailed = true });

        Assert.Equal((1, rows), (report.Rows, report.Failed));
        Assert.Equal(["""{"output":[2,4]}"""], File.ReadLines(_directory.File("out.jsonl")));
    }

    [Fact]
    public async Task BatchJob_should_find_the_separator_behind_a_name_of_several_lines()
    {
        var input = Write("in.csv", ["\"a,", "b\";x", "1;2"]);

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input));

        Assert.Equal(["""{"output":4}"""], File.ReadLines(_directory.File("out.jsonl")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BatchJob_should_take_columns_of_JSON_that_come_late(bool isNamed)
    {
        // Behind what is read at a time; 'scale' is an input, which the rows before may leave out.
        const int rows = 1_500;
        var padding = new string('p', 1_000);
        var input = Write("in.jsonl", Enumerable.Range(0, rows).Select(row => row == rows - 1
            ? $$"""{"x": {{row}}, "scale": 3, "note": "late"}""" : $$"""{"x": {{row}}, "padding": "{{padding}}"}"""));
        var endpoint = FakeEndpoint.Of(
            inputs => FakeEndpoint.Doubled(inputs[0]), new Endpoints.ValueSignature("x"),
            new Endpoints.ValueSignature("scale", IsOptional: true));

        var report = await BatchJob.RunAsync(endpoint, Options(input) with
        {
            Binding = new BindingOptions { Columns = isNamed ? ["x", "scale"] : [] },
            Keep = ["note"],
            SkipFailed = true,
        });

        Assert.Equal((1L, rows - 1L), (report.Rows, report.Failed));
        Assert.Equal([$$"""{"note":"late","output":{{2 * (rows - 1)}}}"""], File.ReadLines(report.Output));
        Assert.All(
            File.ReadLines(report.FailedFile!),
            line => Assert.Contains("scale\\u0027 is null, or holds one", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task BatchJob_should_leave_nothing_but_its_output()
    {
        var input = Write("in.jsonl", ["""{"x": 1}"""]);

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(input));

        Assert.Equal(["in.jsonl", "out.jsonl"], Directory.EnumerateFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task BatchJob_should_keep_several_calls_running_and_the_order_of_the_rows()
    {
        var input = Write("in.jsonl", Enumerable.Range(0, 40).Select(row => $$"""{"x": {{row}}}"""));
        var met = new TaskCompletionSource();
        var waiting = 0;
        var endpoint = new FakeEndpoint([new("x")], async (inputs, _) =>
        {
            // The first of three calls ends last.
            if (Interlocked.Increment(ref waiting) == 3)
            {
                met.SetResult();
            }

            await met.Task;
            return [FakeEndpoint.Doubled(inputs[0])];
        });

        await BatchJob.RunAsync(endpoint, Options(input) with { BatchSize = 4, CallsInFlight = 3 });

        Assert.Equal(3, endpoint.MostRunning);
        Assert.Equal(
            Enumerable.Range(0, 40).Select(row => $$"""{"output":{{row * 2}}}"""), File.ReadLines(_directory.File("out.jsonl")));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(10_000)]
    [InlineData(40_000)]
    public async Task BatchJob_should_call_no_further_batch_while_large_answers_wait_to_be_written(long maxBytes)
    {
        const int callsInFlight = 2;
        const int rows = 200;
        var input = Write("in.jsonl", Enumerable.Range(0, rows).Select(row => $$"""{"x": {{row}}}"""));
        var secondAnswered = new TaskCompletionSource();
        var (called, mostUnwritten, counting) = (0, 0, new Lock());
        var written = new Count();
        var endpoint = new FakeEndpoint([new("x")], async (inputs, _) =>
        {
            bool isFirst;
            lock (counting)
            {
                isFirst = ++called == 1;
                mostUnwritten = Math.Max(mostUnwritten, called - written.Batches);
            }

            if (isFirst)
            {
                await secondAnswered.Task.WaitAsync(TimeSpan.FromMinutes(2), CancellationToken.None);
            }
            else
            {
                secondAnswered.TrySetResult();
            }

            return [new("output", HostTensor.From<float>(
                DType.Float32, [.. inputs[0].Tensor.Values<float>().ToArray().SelectMany(x => Enumerable.Repeat(x, 10_000))], 1, 10_000))];
        });
        var options = Options(input) with { BatchSize = 1, CallsInFlight = callsInFlight, MaxBytesInFlight = maxBytes };

        var report = await BatchJob.RunAsync(endpoint, options with { Output = _directory.File("out.npy") }, written);

        Assert.Equal(rows, report.Rows);
        Assert.InRange(mostUnwritten, 1, callsInFlight);
    }

    [Theory]
    [InlineData("BIGINT", DType.Float32, "x <- x (I64 -> F32, rounded)")]
    [InlineData("INTEGER", DType.Float64, "x <- x (I32 -> F64)")]
    [InlineData("SMALLINT", DType.Float32, "x <- x (I16 -> F32)")]
    [InlineData("DOUBLE", DType.Float32, "x <- x (F64 -> F32, rounded)")]
    [InlineData("DOUBLE", DType.Int64, "x <- x (F64 -> I64)")]
    [InlineData("FLOAT", DType.Float32, "x <- x (F32)")]
    public async Task BatchJob_should_say_before_it_runs_where_numbers_are_rounded(string type, DType input, string binding)
    {
        var file = _directory.File("in.parquet");
        DuckDb.Query($"COPY (SELECT 1::{type} AS x) TO '{file}' (FORMAT parquet)");
        var endpoint = FakeEndpoint.Of(inputs => inputs[0] with { Name = "output" }, new Endpoints.ValueSignature("x", DType: input));

        var preview = await BatchJob.PreviewAsync(endpoint, Options(file));

        Assert.Equal(binding, Assert.Single(preview.Bindings));
    }

    [Theory]
    [InlineData("jsonl", null)]
    [InlineData("csv", null)]
    [InlineData("arrow", null)]
    [InlineData("arrows", null)]
    [InlineData("parquet", null)]
    [InlineData("npy", null)]
    [InlineData("jsonl", 10_000)]
    [InlineData("parquet", 10_000)]
    [InlineData("jsonl", null, true)]
    public async Task BatchJob_should_say_what_share_of_its_rows_is_done(string format, int? limit, bool isLink = false)
    {
        // Two files of some chunks each; rows that take as many bytes.
        const int rows = 40_000;
        var first = Write("first.jsonl", Enumerable.Range(0, rows).Select(row => $$"""{"x": [1{{row:00000}}, 0.5, 0.25, 0.125, 1.5]}"""));
        var input = new BatchJobOptions { Inputs = [first], Output = _directory.File("one." + format), BatchSize = 1_000 };
        await BatchJob.RunAsync(FakeEndpoint.Of(inputs => inputs[0], new Endpoints.ValueSignature("x")), input);
        var copy = _directory.File((isLink ? "copy." : "two.") + format);
        File.Copy(input.Output, copy);
        if (isLink)
        {
            File.CreateSymbolicLink(_directory.File("two." + format), copy);
        }

        var shares = new Shares();

        await BatchJob.RunAsync(
            FakeEndpoint.Doubling(),
            Options(input.Output, _directory.File("two." + format)) with { BatchSize = 1_000, Limit = limit }, shares);

        var all = limit ?? 2 * rows;
        Assert.Equal(all / 1_000, shares.Reports.Count);
        Assert.All(shares.Reports, report => Assert.InRange(report.Share!.Value, (report.Done / (double)all) - 0.05,
            (report.Done / (double)all) + 0.05));
    }

    private BatchJobOptions Options(params string[] inputs) =>
        new() { Inputs = [.. inputs], Output = _directory.File("out.jsonl"), BatchSize = 3 };

    private string Write(string name, IEnumerable<string> lines)
    {
        File.WriteAllLines(_directory.File(name), lines);
        return _directory.File(name);
    }

    private sealed class Shares : IProgress<BatchProgress>
    {
        public List<BatchProgress> Reports { get; } = [];

        public void Report(BatchProgress value) => Reports.Add(value);
    }

    private sealed class Count : IProgress<BatchProgress>
    {
        private int _batches;

        public int Batches => Volatile.Read(ref _batches);

        public void Report(BatchProgress value) => Interlocked.Increment(ref _batches);
    }
}
