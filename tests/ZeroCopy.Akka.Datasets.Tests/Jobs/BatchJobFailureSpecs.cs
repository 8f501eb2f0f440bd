using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Datasets.Tests.Formats;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

public sealed class BatchJobFailureSpecs : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task BatchJob_should_find_a_poisoned_row_and_answer_its_neighbours()
    {
        var report = await BatchJob.RunAsync(Poisoned(5), Options(8) with { SkipFailed = true });

        Assert.Equal((7, 1), (report.Rows, report.Failed));
        Assert.Equal(["0", "2", "4", "6", "8", "12", "14"], Answers());
        using var failed = JsonDocument.Parse(Assert.Single(File.ReadLines(report.FailedFile!)));
        Assert.Equal(5, failed.RootElement.GetProperty("row").GetInt32());
        Assert.Equal("poison", failed.RootElement.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task BatchJob_should_name_the_row_that_ends_it()
    {
        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(Poisoned(5), Options(8)));

        Assert.Contains("in.jsonl', row 5 (from 0): poison. --on-error skip", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_directory.File("out.jsonl")));
    }

    [Fact]
    public async Task BatchJob_should_find_a_row_that_takes_too_long_and_send_again_what_waited_behind_it()
    {
        var waiting = 0;
        var endpoint = FakeEndpoint.Of(
            inputs =>
            {
                if (inputs[0].Tensor.Values<float>().Contains(5))
                {
                    // The model computes on, while the next calls wait.
                    waiting = 3;
                    throw Late(TimeSpan.Zero);
                }

                return waiting-- > 0 ? throw Late(Limit) : FakeEndpoint.Doubled(inputs[0]);
            },
            new ValueSignature("x"));

        var report = await BatchJob.RunAsync(endpoint, Options(8) with { SkipFailed = true, Timeout = Limit, CallsInFlight = 1 });

        Assert.Equal((7, 1), (report.Rows, report.Failed));
        Assert.Equal(["0", "2", "4", "6", "8", "12", "14"], Answers());
    }

    [Fact]
    public async Task BatchJob_should_end_where_no_row_has_its_turn_and_blame_none()
    {
        var endpoint = FakeEndpoint.Of(_ => throw Late(Limit), new ValueSignature("x"));

        var error = await Assert.ThrowsAsync<InferenceException>(
            () => BatchJob.RunAsync(endpoint, Options(8) with { SkipFailed = true, Timeout = Limit }));

        Assert.Equal(InferenceFailure.Overloaded, error.Failure);
        Assert.Contains("--timeout of 10 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_refuse_a_batch_that_is_more_than_a_call_takes_before_it_touches_what_is_there()
    {
        var input = _directory.File("in.parquet");
        DuckDb.Query(
            $"COPY (SELECT CASE i WHEN 0 THEN range(40000) ELSE [] END AS x FROM range(70000) t(i)) TO '{input}' (FORMAT parquet)");
        var journal = Path.Combine(Directory.CreateDirectory(_directory.File("out.jsonl.job")).FullName, "journal");
        await File.WriteAllTextAsync(journal, "that of a run before");
        var options = Options(1) with
        {
            Inputs = [input],
            BatchSize = 70_000,
            Binding = new BindingOptions { Padding = ImmutableSortedDictionary<string, double>.Empty.Add("x", 0) },
        };

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), options));

        Assert.StartsWith("'x' takes 22400000000 bytes for 70000 rows", error.Message, StringComparison.Ordinal);
        Assert.Equal("that of a run before", await File.ReadAllTextAsync(journal));
    }

    [Fact]
    public async Task BatchJob_should_write_a_text_for_each_row_that_is_a_call_of_its_own_and_say_so()
    {
        var endpoint = FakeEndpoint.Of(
            inputs => NamedTensor.OfText("word", inputs[0].Tensor.Values<float>()[0] > 0 ? "more" : "zero"), new ValueSignature("x"));

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(endpoint, Options(2)));
        await BatchJob.RunAsync(endpoint, Options(2) with { BatchSize = 1 });

        Assert.Equal(
            "The model's output 'word' is one text for 2 rows of input; use --batch-size 1, so that each row has its own.", error.Message);
        Assert.Equal(["{\"word\":\"zero\"}", "{\"word\":\"more\"}"], File.ReadLines(_directory.File("out.jsonl")));
    }

    [Fact]
    public async Task BatchJob_should_name_the_line_of_a_quote_that_more_follows_than_a_row_can_have()
    {
        var options = Lines(".csv", "x", "1", "2", "\"3" + new string('3', 17 << 20));

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), options));

        Assert.Contains("in.csv', line 4: a row is no list of values, or too long", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("out.jsonl/", "is a folder")]
    [InlineData("out.jsonl.job", "is a file")]
    public async Task BatchJob_should_refuse_what_is_in_the_way_of_its_output(string there, string words)
    {
        var (options, calls) = (Options(1) with { Force = true }, FakeEndpoint.Doubling());
        if (there.EndsWith('/'))
        {
            Directory.CreateDirectory(_directory.File(there));
        }
        else
        {
            File.WriteAllText(_directory.File(there), "");
        }

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(calls, options));

        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, calls.Calls);
    }

    [Theory]
    [InlineData("notes.txt")]
    [InlineData("tail-end")]
    [InlineData("rows/")]
    [InlineData("folder/")]
    public async Task BatchJob_should_refuse_a_folder_of_its_own_name_that_holds_what_is_not_its_own(string there)
    {
        var (options, calls) = (Options(1) with { Force = true }, FakeEndpoint.Doubling());
        var path = _directory.File(Path.Combine("out.jsonl.job", there));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!there.EndsWith('/'))
        {
            File.WriteAllText(path, "");
        }

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(calls, options));

        Assert.Contains("is no file of a job", error.Message, StringComparison.Ordinal);
        Assert.True(Path.Exists(path));
        Assert.Equal(0, calls.Calls);
    }

    [Fact]
    public async Task BatchJob_should_leave_what_comes_into_its_folder_while_it_runs()
    {
        var notes = _directory.File(Path.Combine("out.jsonl.job", "notes.txt"));
        var endpoint = FakeEndpoint.Of(
            inputs =>
            {
                File.WriteAllText(notes, "mine");
                return FakeEndpoint.Doubled(inputs[0]);
            },
            new ValueSignature("x"));

        await BatchJob.RunAsync(endpoint, Options(3) with { CommitInterval = TimeSpan.Zero });

        Assert.Equal(["0", "2", "4"], Answers());
        Assert.Equal("mine", await File.ReadAllTextAsync(notes));
    }

    [Fact]
    public async Task BatchJob_should_remove_the_empty_folder_that_a_crash_left_behind_its_last_step()
    {
        var options = Options(3);
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        var folder = Directory.CreateDirectory(_directory.File("out.jsonl.job"));

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.False(Directory.Exists(folder.FullName));
    }

    [SkippableTheory]
    [InlineData("in.jsonl", "in.jsonl")]
    [InlineData("in.jsonl", "./in.jsonl")]
    [InlineData("link.jsonl", "in.jsonl")]
    [InlineData("in.jsonl", "link.jsonl")]
    [InlineData("out.csv.failed.jsonl", "out.csv")]
    [InlineData("relative link.jsonl", "in.jsonl")]
    [InlineData("link of link.jsonl", "in.jsonl")]
    [InlineData("linked/in.jsonl", "in.jsonl")]
    [InlineData("in.jsonl", "linked/in.jsonl")]
    [InlineData("linked/relative link.jsonl", "in.jsonl")]
    public async Task BatchJob_should_refuse_to_write_over_what_it_reads(string input, string output)
    {
        Skip.If(OperatingSystem.IsWindows() && (input + output).Contains("link"), "A link needs rights there.");
        var options = Options(3);
        var before = File.ReadAllText(options.Inputs[0]);
        File.WriteAllText(_directory.File("out.csv.failed.jsonl"), before);
        if ((input + output).Contains("link"))
        {
            File.CreateSymbolicLink(_directory.File("link.jsonl"), options.Inputs[0]);
            File.CreateSymbolicLink(_directory.File("relative link.jsonl"), "in.jsonl");
            File.CreateSymbolicLink(_directory.File("link of link.jsonl"), "relative link.jsonl");
            Directory.CreateSymbolicLink(_directory.File("linked"), _directory.Path);
        }

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(
            FakeEndpoint.Doubling(),
            options with { Inputs = [_directory.File(input)], Output = _directory.File(output), Force = true, SkipFailed = true }));

        Assert.Contains("is an input and an output of the job", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(options.Inputs[0]));
        Assert.Equal(before, File.ReadAllText(_directory.File("out.csv.failed.jsonl")));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task BatchJob_should_leave_its_output_and_list_out_of_the_files_of_a_pattern(bool resume, bool force)
    {
        var options = Options(3) with { Inputs = [_directory.File("*.jsonl")], SkipFailed = true };
        await BatchJob.RunAsync(Poisoned(1), options);

        await BatchJob.RunAsync(Poisoned(1), options with { Resume = resume, Force = force });

        Assert.Equal(["0", "4"], Answers());
    }

    [Theory]
    [InlineData(".csv", "is empty")]
    [InlineData(".jsonl", "there are no rows")]
    [InlineData(".parquet", "it is no Parquet file")]
    [InlineData(".arrow", "is empty")]
    [InlineData(".npy", "")]
    [InlineData(".safetensors", "")]
    public async Task BatchJob_should_say_what_an_empty_file_lacks(string extension, string reason)
    {
        var options = Lines(extension);
        File.WriteAllBytes(options.Inputs[0], []);

        var error = await Assert.ThrowsAnyAsync<ZeroCopyException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), options));

        Assert.Contains($"in{extension}", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Object reference", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_leave_out_rows_that_are_no_input()
    {
        var options = Options("""{"x": 1}""", """{"x": "a"}""", """{"x": null}""", """{}""", """{"x": [1]}""", """{"x": 6}""");

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { SkipFailed = true });

        Assert.Equal(4, report.Failed);
        Assert.Equal(["2", "12"], Answers());
    }

    [Theory]
    [InlineData(".csv", "x,y|1,a|2|3,c|4,\"d\"d|5,e,f|6,f", "line 3: there are 1 values", "line 5: a quote", "line 6: there are 3 values")]
    [InlineData(".tsv", "x\ty|1\ta|2|3\tc|6\tf", "line 3: there are 1 values")]
    [InlineData(
        ".jsonl", """no|{"x": 1}|{"x": 2|{"x": 3}|[4]|{"x": 5, "x": 5}|{"x": 6}""", "line 1: it is not JSON", "line 3: it is not JSON",
        "line 5: it is no JSON object", "line 6: 'x' stands there twice")]
    public async Task BatchJob_should_leave_out_lines_that_are_no_rows(string extension, string lines, params string[] reasons)
    {
        var options = Lines(extension, lines.Split('|'));

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { SkipFailed = true });

        Assert.Equal(["2", "6", "12"], Answers());
        Assert.Equal((3, reasons.Length), (report.Rows, report.Failed));
        Assert.All(
            File.ReadLines(report.FailedFile!).Zip(reasons),
            failed => Assert.Contains($"\"reason\":\"{failed.Second}", failed.First.Replace("\\u0027", "'"), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(".csv", "x,id|1,caf\u00e9|2,b|3,caf\u00e8", "line 2: it is not UTF-8", "line 4: it is not UTF-8")]
    [InlineData(".jsonl", "{\"x\":1,\"id\":\"caf\u00e9\"}|{\"x\":2,\"id\":\"b\"}", "line 1: it is not UTF-8")]
    public async Task BatchJob_should_leave_out_rows_that_are_not_utf8(string extension, string lines, params string[] reasons)
    {
        var options = Lines(extension, lines.Split('|'));
        File.WriteAllBytes(options.Inputs[0], Encoding.Latin1.GetBytes(lines.Replace('|', '\n')));

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { SkipFailed = true, Keep = ["id"] });

        Assert.Equal((1, reasons.Length), (report.Rows, report.Failed));
        Assert.All(
            File.ReadLines(report.FailedFile!).Zip(reasons),
            failed => Assert.Contains($"\"reason\":\"{failed.Second}", failed.First, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("out.csv", "id", "x")]
    [InlineData("out.parquet", "id", "x")]
    [InlineData("out.jsonl", "id", "x")]
    [InlineData("out.jsonl", "", "text")]
    public async Task BatchJob_should_leave_out_texts_with_half_a_character(string output, string keep, string column)
    {
        const string half = "\\ud83d";
        const string whole = "\\ud83d\\ude00";
        string[] texts = ["a", half, whole, half + whole];
        var options = Options([.. texts.Select((text, row) => $$"""{"x": {{row}}, "id": "{{text}}", "text": "{{text}}"}""")]);
        var endpoint = column == "x" ? FakeEndpoint.Doubling() : FakeEndpoint.Of(
            inputs => new NamedTensor("output", HostTensor.From<float>(DType.Float32, [1], 1)), new ValueSignature("text", "str"));

        var report = await BatchJob.RunAsync(
            endpoint,
            options with
            {
                Binding = new BindingOptions { Columns = [column] },
                Output = _directory.File(output),
                Keep = keep.Length == 0 ? [] : [keep],
                SkipFailed = true,
                BatchSize = 1,
            });

        Assert.Equal((2, 2), (report.Rows, report.Failed));
        Assert.All(
            File.ReadLines(report.FailedFile!).Zip([2, 4]),
            failed => Assert.Contains($"\"reason\":\"line {failed.Second}: ", failed.First, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(".csv", "x,y")]
    [InlineData(".jsonl")]
    public async Task BatchJob_should_read_on_behind_many_empty_lines(string extension, params string[] header)
    {
        string[] rows = extension == ".csv" ? ["1,a", "2,b"] : ["""{"x": 1}""", """{"x": 2}"""];
        string[] lines = [.. header, rows[0], .. Enumerable.Repeat(extension == ".csv" ? "" : " ", 3 << 20), rows[1]];

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), Lines(extension, lines));

        Assert.Equal(2, report.Rows);
        Assert.Equal(["2", "4"], Answers());
    }

    [Fact]
    public async Task BatchJob_should_end_after_every_call_that_it_has_begun_when_it_fails()
    {
        // One is handed out, four wait behind it, and the last finds no place.
        const int last = 6;
        var (begun, calls, ended) = (new ManualResetEventSlim(), 0, false);
        var endpoint = new FakeEndpoint([new("x")], async (inputs, token) =>
        {
            if (Interlocked.Increment(ref calls) == last)
            {
                begun.Set();
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                for (var i = 0; i < 10_000; i++)
                {
                    await Task.Yield();
                }

                ended = true;
            }

            return [FakeEndpoint.Doubled(inputs[0])];
        });

        await Assert.ThrowsAsync<InvalidDataException>(() => BatchJob.RunAsync(
            endpoint, Options(last + 4) with { BatchSize = 1, CallsInFlight = 1 }, new Failing(begun)));

        Assert.True(ended);
    }

    [Theory]
    [InlineData("\"weight, kg\";x|70;1|80;2")]
    [InlineData("\"a\"\"b, c\"\tx|70\t1|80\t2")]
    [InlineData("x|1|2||")]
    public async Task BatchJob_should_read_values_as_their_header_and_their_end_say(string lines)
    {
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Lines(".csv", lines.Split('|')));

        Assert.Equal(["2", "4"], Answers());
    }

    [Fact]
    public async Task BatchJob_should_read_an_empty_line_between_values_of_one_column_as_null()
    {
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), Lines(".csv", "x", "1", "", "2") with { SkipFailed = true });

        Assert.Equal((2, 1), (report.Rows, report.Failed));
    }

    [Theory]
    [InlineData("few.csv", "many.csv")]
    [InlineData("many.csv", "few.csv")]
    public async Task BatchJob_should_take_files_of_which_one_has_a_column_more_that_nobody_names(params string[] files)
    {
        var options = Lines(".csv", "x") with { Inputs = [.. files.Select(_directory.File)] };
        File.WriteAllText(_directory.File("few.csv"), "x\n1\n");
        File.WriteAllText(_directory.File("many.csv"), "y,x\n5,1\n");

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);

        Assert.Equal(["2", "2"], Answers());
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task BatchJob_should_read_values_behind_a_mark_of_their_encoding(string encoding)
    {
        var options = Lines(".csv", "x") with { Keep = ["id"] };
        File.WriteAllText(options.Inputs[0], "id,x\ncaf\u00e9,3\n", Encoding.GetEncoding(encoding));

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);

        Assert.Equal(1, report.Rows);
        Assert.Contains("caf\u00e9", File.ReadAllText(options.Output), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".csv", "x,y|1,a|2", "row 1 (from 0): line 3: there are 1 values, and the header has 2. --on-error skip")]
    [InlineData(".jsonl", "{\"x\": 1}|{\"x\": 2", "row 1 (from 0): line 2: it is not JSON")]
    public async Task BatchJob_should_name_the_line_that_ends_it(string extension, string lines, string words)
    {
        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), Lines(extension, lines.Split('|'))));

        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_end_where_nobody_can_say_where_a_row_ends()
    {
        var options = Lines(".csv", "x,y", "1,a", "2,\"b", "3,c");

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { SkipFailed = true }));

        Assert.Contains("in.csv', line 3: a quote is not closed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_leave_out_a_whole_batch_of_bad_rows()
    {
        const int rows = 5_000;
        var options = Options([.. Enumerable.Repeat("{\"x\": \"none\"}", rows), "{\"x\": 1}"]);

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { SkipFailed = true, BatchSize = rows + 1 });

        Assert.Equal((1, rows), (report.Rows, report.Failed));
    }

    [Fact]
    public async Task BatchJob_should_leave_out_rows_of_another_length_than_most()
    {
        var options = Options("""{"x": [1]}""", """{"x": [1, 2]}""", """{"x": [3, 4]}""", """{"x": [1, 2, 3]}""");

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { SkipFailed = true });

        Assert.Equal(2, report.Failed);
        Assert.Equal(["[2,4]", "[6,8]"], Answers());
    }

    [Theory]
    [InlineData("""{"x": [1, 2], "y": 1}""", """{"x": [1], "y": 1}""", "and [2] in most rows of the batch")]
    [InlineData("""{"x": [1, 2], "y": 1}""", """{"x": [1, 2], "y": "one"}""", "which is no value of F32")]
    [InlineData("""{"x": [1, 2], "y": 1}""", "none", "it is not JSON")]
    public async Task BatchJob_should_call_once_for_the_rows_between_those_that_fail(string good, string bad, string reason)
    {
        const int pairs = 50;
        var endpoint = FakeEndpoint.Of(inputs => FakeEndpoint.Doubled(inputs[0]), new ValueSignature("x"), new ValueSignature("y"));
        var options = Options([.. Enumerable.Repeat<string[]>([good, bad, good], pairs).SelectMany(lines => lines)]) with
        {
            Binding = new BindingOptions(),
            BatchSize = 3 * pairs,
            SkipFailed = true,
        };

        var report = await BatchJob.RunAsync(endpoint, options);

        Assert.Equal((2L * pairs, pairs, 1), (report.Rows, report.Failed, endpoint.Calls));
        Assert.Equal(Enumerable.Repeat("[2,4]", 2 * pairs), Answers());
        var failed = File.ReadLines(report.FailedFile!).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(Enumerable.Range(0, pairs).Select(pair => (3 * pair) + 1), failed.Select(row => row.GetProperty("row").GetInt32()));
        Assert.All(failed, row => Assert.Contains(reason, row.GetProperty("reason").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task BatchJob_should_fail_rows_with_a_nan_in_their_answer_when_told_to()
    {
        var endpoint = FakeEndpoint.Of(
            inputs => new NamedTensor("output", HostTensor.From<float>(
                DType.Float32, [.. inputs[0].Tensor.Values<float>().ToArray().Select(value => value == 2
                    ? float.NaN : value)], inputs[0].Shape.AsSpan())),
            new ValueSignature("x"));

        var report = await BatchJob.RunAsync(endpoint, Options(4) with { SkipFailed = true, FailOnNaN = true });

        Assert.Equal(1, report.Failed);
        Assert.Equal(["0", "1", "3"], Answers());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public async Task BatchJob_should_fail_the_same_rows_with_a_nan_whatever_the_batch_size(int batchSize)
    {
        // Two outputs of shape [rows, 3] with a NaN in different places: in rows 1 and 4, and in row 2.
        var endpoint = new FakeEndpoint([new ValueSignature("x")], (inputs, _) =>
            Task.FromResult<ImmutableArray<NamedTensor>>([Marked("a", inputs[0], 1, 4), Marked("b", inputs[0], 2)]));

        var report = await BatchJob.RunAsync(endpoint, Options(8) with { SkipFailed = true, FailOnNaN = true, BatchSize = batchSize });

        Assert.Equal(3, report.Failed);
        Assert.Equal(
            Enumerable.Range(0, 8).Where(row => row is not (1 or 2 or 4)).Select(row =>
                $$"""{"a":[{{row}},{{row}},{{row}}],"b":[{{row}},{{row}},{{row}}]}"""),
            File.ReadLines(report.Output));

        static NamedTensor Marked(string name, NamedTensor input, params float[] rows) => new(name, HostTensor.From<float>(
            DType.Float32,
            [.. input.Tensor.Values<float>().ToArray().SelectMany<float, float>(x => [x, x, rows.Contains(x) ? float.NaN : x])],
            input.Shape[0], 3));
    }

    [Fact]
    public async Task BatchJob_should_refuse_an_answer_that_has_other_rows_than_its_input()
    {
        var endpoint = FakeEndpoint.Of(_ => new NamedTensor("sum", HostTensor.From<float>(DType.Float32, [1f], 1)),
            new ValueSignature("x"));

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(endpoint, Options(8)));

        Assert.Contains("'sum' has 1 rows for 8 rows of input", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_try_again_what_another_actor_may_answer()
    {
        var calls = 0;
        var endpoint = FakeEndpoint.Of(
            inputs => ++calls == 1
                ? throw new InferenceException(InferenceFailure.ActorCrashed, "crashed") : FakeEndpoint.Doubled(inputs[0]),
            new ValueSignature("x"));

        var report = await BatchJob.RunAsync(endpoint, Options(4));

        Assert.Equal((4, 2), (report.Rows, endpoint.Calls));
    }

    [Fact]
    public async Task BatchJob_should_leave_nothing_when_it_fails_before_the_first_state()
    {
        await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(Poisoned(0), Options(4)));

        Assert.Equal(["in.jsonl"], Directory.EnumerateFileSystemEntries(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task BatchJob_should_say_that_every_row_failed_and_list_them()
    {
        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(Poisoned(0, 1, 2, 3), Options(4) with { SkipFailed = true }));

        Assert.Contains("All 4 rows failed", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{_directory.File("out.jsonl.failed.jsonl")}' lists them", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            ["in.jsonl", "out.jsonl.failed.jsonl"],
            Directory.EnumerateFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
        Assert.Equal(4, File.ReadLines(_directory.File("out.jsonl.failed.jsonl")).Count());
    }

    [Fact]
    public async Task BatchJob_should_say_that_every_row_failed_and_the_output_is_that_of_before()
    {
        File.WriteAllText(_directory.File("out.jsonl"), "before");

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(Poisoned(0, 1, 2, 3), Options(4) with { SkipFailed = true, Force = true }));

        Assert.Contains($"'{_directory.File("out.jsonl")}' is as it was before this job.", error.Message, StringComparison.Ordinal);
        Assert.Equal("before", File.ReadAllText(_directory.File("out.jsonl")));
    }

    [Fact]
    public async Task BatchJob_should_refuse_an_output_whose_list_of_failed_rows_is_there()
    {
        var list = _directory.File("out.jsonl.failed.jsonl");
        File.WriteAllText(list, "before");

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(1)));

        Assert.Contains($"'{list}' is there already", error.Message, StringComparison.Ordinal);
        Assert.Equal("before", File.ReadAllText(list));
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options(1) with { Force = true });
        Assert.False(File.Exists(list));
    }

    [Fact]
    public async Task BatchJob_should_name_its_own_limit_where_a_row_takes_longer()
    {
        var endpoint = FakeEndpoint.Of(
            _ => throw new InferenceException(InferenceFailure.DeadlineExceeded, "not within its deadline; raise a setting"),
            new ValueSignature("x"));

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(endpoint, Options(1) with { Timeout = TimeSpan.FromSeconds(3) }));

        Assert.Contains("did not answer within the --timeout of 3 s", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("setting", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_refuse_an_output_that_is_there()
    {
        await File.WriteAllTextAsync(_directory.File("out.jsonl"), "precious");

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(Poisoned(), Options(4)));

        Assert.Contains("--force", error.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(_directory.File("out.jsonl")));
    }

    [Fact]
    public async Task BatchJob_should_replace_an_output_by_force()
    {
        await File.WriteAllTextAsync(_directory.File("out.jsonl"), "old");

        await BatchJob.RunAsync(Poisoned(), Options(2) with { Force = true });

        Assert.Equal(["0", "2"], Answers());
    }

    [Theory]
    [InlineData("x,s|1,b3", ".csv", "Column 's' is text in '{0}' and JSON in '{1}'; make them of one type.")]
    [InlineData("x|1", ".csv", "'{0}' has no column 's', which '{1}' has; files of one dataset have the same columns.")]
    [InlineData("x\ts|1\tb3", ".tsv", "Column 's' is text in '{0}' and JSON in '{1}'; make them of one type.")]
    public async Task BatchJob_should_refuse_a_table_behind_a_file_of_JSON(string lines, string extension, string words)
    {
        var options = Options("""{"x": 1, "s": "a1"}""") with { Keep = ["s"] };
        var table = _directory.File("table" + extension);
        File.WriteAllLines(table, lines.Split('|'));

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Inputs = [options.Inputs[0], table] }));

        Assert.Equal(string.Format(CultureInfo.InvariantCulture, words, table, options.Inputs[0]), error.Message);
    }

    [Fact]
    public async Task BatchJob_should_refuse_a_typed_file_behind_a_file_of_JSON()
    {
        var options = Options("""{"x": 1}""");
        var typed = _directory.File("typed.parquet");
        DuckDb.Query($"COPY (SELECT 1.5::FLOAT AS x) TO '{typed}' (FORMAT parquet)");

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Inputs = [options.Inputs[0], typed] }));

        Assert.Equal($"Column 'x' is F32 in '{typed}' and JSON in '{options.Inputs[0]}'; make them of one type.", error.Message);
    }

    [Fact]
    public async Task BatchJob_should_take_files_of_JSON_that_leave_out_different_columns()
    {
        var options = Options("""{"x": 1}""", """{"x": 2, "s": "a"}""") with { Keep = ["s"] };
        File.WriteAllText(_directory.File("other.jsonl"), """{"x": 3}""");

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Inputs = [options.Inputs[0], _directory.File("other.jsonl")] });

        Assert.Equal(["2", "4", "6"], Answers());
    }

    [Fact]
    public async Task BatchJob_should_leave_out_rows_with_a_null_list_inside_a_list()
    {
        var input = _directory.File("in.parquet");
        DuckDb.Query(
            "COPY (SELECT * FROM (VALUES ([[1::FLOAT], [2]]), ([[3], NULL]), (NULL), ([NULL, [4]]), ([[5], [6]])) rows(x)) "
            + $"TO '{input}' (FORMAT parquet)");

        var report = await BatchJob.RunAsync(
            FakeEndpoint.Doubling(), Options(1) with { Inputs = [input], SkipFailed = true });

        Assert.Equal(["[[2],[4]]", "[[10],[12]]"], Answers());
        Assert.Equal((2, 3), (report.Rows, report.Failed));
        Assert.Equal(2, File.ReadLines(report.FailedFile!).Count(line => line.Contains("has a null list inside a list")));
    }

    [Theory]
    [InlineData("row", "Did you mean 'rows'?")]
    [InlineData("something else", "The dataset has no column 'something else' to keep")]
    public async Task BatchJob_should_offer_the_nearest_name_of_a_column(string keep, string words)
    {
        var options = Options("""{"x": 1, "rows": 2}""") with { Keep = [keep] };

        Assert.Contains(words, (await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(Poisoned(), options))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_refuse_a_dataset_without_rows()
    {
        var options = Options();

        Assert.Contains(
            "there are no rows",
            (await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(Poisoned(), options))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_refuse_a_batch_of_no_rows() => Assert.Contains(
        "--batch-size is 0",
        (await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(Poisoned(), Options(1) with { BatchSize = 0 }))).Message,
        StringComparison.Ordinal);

    private static InferenceException Late(TimeSpan waited) => new(InferenceFailure.DeadlineExceeded, "late") { Waited = waited };

    private static FakeEndpoint Poisoned(params float[] values) => FakeEndpoint.Of(
        inputs => inputs[0].Tensor.Values<float>().ContainsAny(values)
            ? throw new InferenceException(InferenceFailure.ModelError, "poison") : FakeEndpoint.Doubled(inputs[0]),
        new ValueSignature("x"));

    private IEnumerable<string> Answers() => File.ReadLines(_directory.File("out.jsonl")).Select(line =>
    {
        using var row = JsonDocument.Parse(line);
        return row.RootElement.GetProperty("output").GetRawText();
    });

    private BatchJobOptions Options(int rows) => Options([.. Enumerable.Range(0, rows).Select(row => $$"""{"x": {{row}}}""")]);

    private BatchJobOptions Options(params string[] lines) => Lines(".jsonl", lines);

    private BatchJobOptions Lines(string extension, params string[] lines)
    {
        File.WriteAllLines(_directory.File("in" + extension), lines);
        return new BatchJobOptions
        {
            Inputs = [_directory.File("in" + extension)],
            Output = _directory.File("out.jsonl"),
            Binding = new BindingOptions { Columns = ["x"] },
        };
    }

    /// <summary>Fails once the last call has begun.</summary>
    private sealed class Failing(ManualResetEventSlim begun) : IProgress<BatchProgress>
    {
        public void Report(BatchProgress value)
        {
            begun.Wait();
            throw new InvalidDataException();
        }
    }
}
