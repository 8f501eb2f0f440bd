using System.Collections.Immutable;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Datasets.Journal;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

public sealed class BatchJobResumeSpecs : IDisposable
{
    private const int Rows = 50;
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Outputs =>
        new("out.csv", "out.jsonl", "out.arrows", "out.arrow", "out.npy", "out.safetensors", "out.parquet");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Outputs))]
    public async Task BatchJob_should_make_the_same_file_in_two_runs_as_in_one(string output)
    {
        var options = Options(output);
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        var unbroken = await File.ReadAllBytesAsync(options.Output);
        File.Delete(options.Output);

        await BreakAsync(options, afterCalls: 4);
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.Equal(unbroken, await File.ReadAllBytesAsync(options.Output));
        Assert.Equal((Rows, 12), (report.Rows, report.ResumedAt));
        Assert.False(Directory.Exists(options.Output + ".job"));
    }

    [Fact]
    public async Task BatchJob_should_drop_what_a_crash_left_behind_the_last_state()
    {
        var options = Options("out.jsonl");
        await BreakAsync(options, afterCalls: 4);
        await File.AppendAllTextAsync(options.Output + ".job/rows", "half a li");
        await File.AppendAllTextAsync(options.Output + ".job/journal", "{\"part\":{\"nextRow\":99");

        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.Equal(Enumerable.Range(0, Rows).Select(row => $$"""{"output":{{row * 2}}}"""), File.ReadLines(options.Output));
    }

    [Fact]
    public async Task BatchJob_should_do_again_what_is_not_as_it_was_written()
    {
        var options = Options("out.jsonl");
        await BreakAsync(options, afterCalls: 4);
        var work = await File.ReadAllBytesAsync(options.Output + ".job/rows");
        work[^2] ^= 1;
        await File.WriteAllBytesAsync(options.Output + ".job/rows", work);

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.Equal(9, report.ResumedAt);
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => $$"""{"output":{{row * 2}}}"""), File.ReadLines(options.Output));
    }

    [Fact]
    public async Task BatchJob_should_say_what_has_changed_since_the_journal()
    {
        var options = Options("out.jsonl");
        await BreakAsync(options, afterCalls: 4);
        await File.AppendAllTextAsync(_directory.File("in.jsonl"), "{\"x\": 1}\n");

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true, ModelId = "b", BatchSize = 4 }));

        Assert.Contains("model id was 'a' and is 'b'", error.Message, StringComparison.Ordinal);
        Assert.Contains("--batch-size was '3' and is '4'", error.Message, StringComparison.Ordinal);
        Assert.Contains("input 1 was 'in.jsonl, ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_go_on_with_the_same_model_under_another_name()
    {
        var options = Options("out.jsonl");
        await BreakAsync(options, afterCalls: 4);

        var same = new FakeEndpoint(
            [new ValueSignature("x")], (inputs, _) => Task.FromResult(ImmutableArray.Create(FakeEndpoint.Doubled(inputs[0]))))
        {
            Name = "another",
        };
        var report = await BatchJob.RunAsync(same, options with { Resume = true });

        Assert.Equal(12, report.ResumedAt);
    }

    [SkippableTheory]
    [InlineData("in.jsonl")]
    [InlineData("link.jsonl")]
    public async Task BatchJob_should_see_a_change_in_the_middle_of_an_input(string name)
    {
        Skip.If(OperatingSystem.IsWindows() && name.StartsWith("link", StringComparison.Ordinal), "A link needs rights there.");
        var file = _directory.File("in.jsonl");
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 20_000).Select(row => $$"""{"x": 1{{row:00000}}}"""));
        if (name != "in.jsonl")
        {
            File.CreateSymbolicLink(_directory.File(name), file);
        }

        var options = Options("out.jsonl") with { Inputs = [_directory.File(name)] };
        await BreakAsync(options, afterCalls: 4);
        var lines = await File.ReadAllLinesAsync(file);
        lines[10_000] = lines[10_001];
        await File.WriteAllLinesAsync(file, lines);
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddHours(1));

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true }));

        Assert.Contains("cannot be gone on with: time of input 1 was '", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_start_at_the_first_row_when_there_is_nothing_to_resume()
    {
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), Options("out.jsonl") with { Resume = true });

        Assert.Equal((Rows, 0), (report.Rows, report.ResumedAt));
    }

    [Fact]
    public async Task BatchJob_should_not_take_an_empty_journal_for_that_of_a_run_that_was_refused()
    {
        var options = Options("out.jsonl") with { Resume = true };
        var folder = new JobFolder(options.Output);
        Directory.CreateDirectory(folder.Root);
        await File.WriteAllTextAsync(folder.Journal, "");
        await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Keep = ["nothing"] }));

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);

        Assert.Equal((Rows, 0), (report.Rows, report.ResumedAt));
    }

    [Fact]
    public async Task BatchJob_should_change_nothing_when_it_resumes_what_is_finished()
    {
        var options = Options("out.jsonl");
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        var before = new FileInfo(options.Output).LastWriteTimeUtc;
        var endpoint = FakeEndpoint.Doubling();

        var report = await BatchJob.RunAsync(endpoint, options with { Resume = true });

        Assert.Equal((Rows, Rows, 0), (report.Rows, report.ResumedAt, endpoint.Calls));
        Assert.Equal(before, new FileInfo(options.Output).LastWriteTimeUtc);
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public async Task BatchJob_should_say_what_another_job_is_whose_output_is_finished(string output)
    {
        var options = Options(output);
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        File.SetLastWriteTimeUtc(options.Inputs[0], File.GetLastWriteTimeUtc(options.Inputs[0]).AddHours(1));

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true, ModelId = "b", BatchSize = 4 }));

        Assert.StartsWith($"'{options.Output}' is there and is not what this job makes: model id was 'a' and is 'b'", error.Message,
            StringComparison.Ordinal);
        Assert.Contains("; --batch-size was '3' and is '4'; time of input 1 was '", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_know_two_columns_from_one_whose_name_has_a_blank()
    {
        var options = Options("out.jsonl") with { Keep = ["a b"], Binding = new BindingOptions { Columns = ["x"] } };
        await File.WriteAllTextAsync(options.Inputs[0], """{"x": 1, "a": 2, "b": 3, "a b": 4}""");
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true, Keep = ["a", "b"] }));

        Assert.EndsWith(
            "--keep was '\"a b\"' and is 'a b'. Choose another --output, or replace it with --force.", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_not_read_its_input_again_when_it_is_finished()
    {
        var input = _directory.File("in.csv");
        await File.WriteAllLinesAsync(input, Enumerable.Range(0, 20_000).Select(row => $"1{row:00000}").Prepend("x"));
        var options = Options("out.parquet") with { Inputs = [input], BatchSize = 1_000, Keep = ["x"] };
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        ChangeInTheMiddle(input, "\"00000");

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.Equal(20_000, report.Rows);
    }

    [Fact]
    public async Task BatchJob_should_not_look_at_all_rows_again_where_the_journal_has_the_types()
    {
        var options = Options("out.parquet") with { BatchSize = 1_000, Keep = ["x"] };
        await File.WriteAllLinesAsync(options.Inputs[0], Enumerable.Range(0, 20_000).Select(row => $$"""{"x": 1{{row:00000}}}"""));
        await BreakAsync(options, afterCalls: 4);
        ChangeInTheMiddle(options.Inputs[0], "10000.5}");

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true }));

        Assert.Contains("which is no value of I64", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BatchJob_should_look_at_a_finished_output_that_does_not_say_whose_it_is(bool isChanged)
    {
        var options = Options("out.jsonl");
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        if (isChanged)
        {
            File.SetLastWriteTimeUtc(options.Output, File.GetLastWriteTimeUtc(options.Output).AddHours(1));
        }
        else
        {
            BecomeACopy(options.Output);
        }

        var endpoint = FakeEndpoint.Doubling();

        var report = await BatchJob.RunAsync(endpoint, options with { Resume = true });

        // One batch, to see that it is this job's.
        Assert.Equal((Rows, Rows, 1), (report.Rows, report.ResumedAt, endpoint.Calls));
    }

    [Theory]
    [InlineData("out.jsonl", 2, false)]
    [InlineData("out.jsonl", 2, true)]
    [InlineData("out.parquet", 2, true)]
    [InlineData("out.npy", 7, true)]
    public async Task BatchJob_should_know_its_finished_output_where_the_first_batches_failed(string output, int lastFailed, bool isCopy)
    {
        var options = Options(output) with { SkipFailed = true };
        var endpoint = FailingAt([.. Enumerable.Range(0, lastFailed + 1).Select(row => (float)row)]);
        var first = await BatchJob.RunAsync(endpoint, options);
        var before = await File.ReadAllBytesAsync(options.Output);
        if (isCopy)
        {
            BecomeACopy(options.Output);
        }

        var again = await BatchJob.RunAsync(endpoint, options with { Resume = true });

        Assert.Equal((Rows - lastFailed - 1, lastFailed + 1), (again.Rows, again.Failed));
        Assert.Equal((first.Rows, first.Failed, first.FailedFile), (again.Rows, again.Failed, again.FailedFile));
        Assert.Equal(before, await File.ReadAllBytesAsync(options.Output));
        Assert.Equal(
            ["in.jsonl", output, $"{output}.failed.jsonl"],
            Directory.EnumerateFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task BatchJob_should_refuse_to_resume_with_an_output_of_something_else()
    {
        var options = Options("out.jsonl");
        await File.WriteAllTextAsync(options.Output, "{\"y\": 1}\n");

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(),
            options with { Resume = true }));

        Assert.Contains("it has 1 rows, and the dataset 50", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public async Task BatchJob_should_know_a_copy_of_its_output_from_that_of_another_model(string output)
    {
        var options = Options(output);
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        BecomeACopy(options.Output);
        var same = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });
        var other = FakeEndpoint.Of(inputs => inputs[0] with { Name = "output" }, new ValueSignature("x"));

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(other, options with { Resume = true }));

        Assert.Equal(Rows, same.Rows);
        Assert.Contains("its first rows are others than the model answers", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BatchJob_should_end_what_a_crash_left_to_do_after_the_last_row(bool isRenamed)
    {
        var options = Options("out.jsonl") with { SkipFailed = true };
        var folder = await FinishAsync(options, FailingAt(4));
        if (isRenamed)
        {
            File.Move(folder.Rows, options.Output);
        }

        var endpoint = FakeEndpoint.Doubling();
        var report = await BatchJob.RunAsync(endpoint, options with { Resume = true });

        Assert.Equal((0, Rows - 1, 1), (endpoint.Calls, report.Rows, report.Failed));
        Assert.Equal(
            Enumerable.Range(0, Rows).Where(row => row != 4).Select(row => $$"""{"output":{{row * 2}}}"""), File.ReadLines(options.Output));
        Assert.Equal(
            ["in.jsonl", "out.jsonl", "out.jsonl.failed.jsonl"],
            Directory.EnumerateFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("out.jsonl", "rows", 0)]
    [InlineData("out.jsonl", "rows", 10)]
    [InlineData("out.jsonl", "rows", 1000)]
    [InlineData("out.parquet", "rows", 10)]
    [InlineData("out.npy", "finished", 10)]
    [InlineData("out.npy", "finished", 1000)]
    public async Task BatchJob_should_not_take_a_finished_file_that_is_not_as_it_was_written(string output, string name, int length)
    {
        var options = Options(output);
        await BatchJob.RunAsync(FakeEndpoint.Doubling(), options);
        var unbroken = await File.ReadAllBytesAsync(options.Output);
        File.Delete(options.Output);
        var folder = await FinishAsync(options, FakeEndpoint.Doubling());
        await File.WriteAllBytesAsync(Path.Combine(folder.Root, name), new byte[length]);

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.Equal(Rows, report.Rows);
        Assert.Equal(unbroken, await File.ReadAllBytesAsync(options.Output));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("of something else")]
    public async Task BatchJob_should_not_take_a_finished_file_that_is_gone(string? other)
    {
        var options = Options("out.jsonl");
        var folder = await FinishAsync(options, FakeEndpoint.Doubling());
        File.Delete(folder.Rows);
        if (other is not null)
        {
            await File.WriteAllTextAsync(options.Output, other);
        }

        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.Equal((Rows, 0), (report.Rows, report.ResumedAt));
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => $$"""{"output":{{row * 2}}}"""), File.ReadLines(options.Output));
    }

    [Fact]
    public async Task BatchJob_should_refuse_to_write_beside_another_process()
    {
        var options = Options("out.jsonl");
        await BreakAsync(options, afterCalls: 4);
        using var other = JobJournal.Open(new JobFolder(options.Output).Journal);

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), options));

        Assert.Contains("Another process", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchJob_should_answer_what_runs_and_be_resumable_when_it_is_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var options = Options("out.jsonl");
        var endpoint = new FakeEndpoint([new("x")], async (inputs, _) =>
        {
            await cancellation.CancelAsync();
            return [FakeEndpoint.Doubled(inputs[0])];
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => BatchJob.RunAsync(endpoint, options, null, cancellation.Token));
        var report = await BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true });

        Assert.True(report.ResumedAt > 0);
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => $$"""{"output":{{row * 2}}}"""), File.ReadLines(options.Output));
    }

    [Fact]
    public async Task BatchJob_should_keep_the_list_of_failed_rows_over_runs()
    {
        var options = Options("out.jsonl") with { SkipFailed = true };
        var poisoned = FailingAt(4, 30);

        await BreakAsync(options, afterCalls: 6, poisoned);
        var report = await BatchJob.RunAsync(poisoned, options with { Resume = true });

        Assert.Equal((Rows - 2, 2), (report.Rows, report.Failed));
        Assert.Equal(2, File.ReadLines(report.FailedFile!).Count());
    }

    [Theory]
    [InlineData("out.npy", """{"x": [1, 2, 3]}""", "have the shapes [3] here and [2] before")]
    [InlineData("out.safetensors", """{"x": [1, 2, 3]}""", "have the shapes [3] here and [2] before")]
    [InlineData("out.safetensors", """{"x": [1, 2], "id": null}""", "Column 'id' has nulls", "id")]
    public async Task BatchJob_should_refuse_the_same_batch_again_when_it_resumes(
        string output, string odd, string refusal, params string[] keep)
    {
        foreach (var interval in new[] { TimeSpan.Zero, TimeSpan.FromHours(1) })
        {
            var options = Options(output) with { Keep = [.. keep], CommitInterval = interval };
            await File.WriteAllLinesAsync(
                options.Inputs[0], Enumerable.Range(0, Rows).Select(row => row is 30 or 31 or 32 ? odd : """{"x": [1, 2], "id": 7}"""));

            var first = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(FakeEndpoint.Doubling(), options));
            var again = await Assert.ThrowsAsync<DatasetException>(
                () => BatchJob.RunAsync(FakeEndpoint.Doubling(), options with { Resume = true }));

            Assert.Contains(refusal, first.Message, StringComparison.Ordinal);
            Assert.Equal(first.Message, again.Message);
            Assert.False(File.Exists(options.Output));
        }
    }

    [Fact]
    public async Task BatchJob_should_list_a_failed_row_once_whose_batch_is_refused()
    {
        var options = Options("out.jsonl") with { SkipFailed = true, CommitInterval = TimeSpan.FromHours(1) };
        var poisoned = FailingAt(30);
        var others = new FakeEndpoint([new("x")], async (inputs, token) =>
        {
            using var answer = await poisoned.CallAsync("", inputs, null, token);
            return inputs[0].Tensor.Values<float>()[0] is 31 or 32 ? [answer.Outputs[0] with { Name = "other" }] : answer.Outputs;
        });

        var error = await Assert.ThrowsAsync<DatasetException>(() => BatchJob.RunAsync(others, options));
        var report = await BatchJob.RunAsync(poisoned, options with { Resume = true });

        Assert.Contains("other columns at row 30", error.Message, StringComparison.Ordinal);
        Assert.Equal((Rows - 1, 1, 30), (report.Rows, report.Failed, report.ResumedAt));
        Assert.Single(File.ReadLines(report.FailedFile!));
    }

    /// <summary>Makes a file one that says nothing but its rows.</summary>
    private static void BecomeACopy(string path)
    {
        File.Copy(path, path + ".copy");
        File.Move(path + ".copy", path, overwrite: true);
    }

    /// <summary>Changes a line so that neither length, edges nor time of the file tell of it.</summary>
    private static void ChangeInTheMiddle(string path, string end)
    {
        var time = File.GetLastWriteTimeUtc(path);
        var lines = File.ReadAllLines(path);
        lines[lines.Length / 2] = lines[lines.Length / 2][..^end.Length] + end;
        File.WriteAllLines(path, lines);
        File.SetLastWriteTimeUtc(path, time);
    }

    /// <summary>Runs a job whose endpoint goes away after some calls.</summary>
    private static async Task BreakAsync(BatchJobOptions options, int afterCalls, FakeEndpoint? inner = null)
    {
        var calls = 0;
        var endpoint = new FakeEndpoint([new("x")], async (inputs, token) =>
        {
            if (++calls > afterCalls)
            {
                throw new InferenceException(InferenceFailure.LoadFailed, "gone");
            }

            using var answer = await (inner ?? FakeEndpoint.Doubling()).CallAsync("", inputs, null, token);
            return answer.Outputs;
        });

        await Assert.ThrowsAsync<InferenceException>(() => BatchJob.RunAsync(endpoint, options));
    }

    /// <summary>Runs a job to the line of its journal that says that it is finished, and no further.</summary>
    private static async Task<JobFolder> FinishAsync(BatchJobOptions options, FakeEndpoint endpoint)
    {
        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => BatchJob.RunAsync(endpoint, options, new AtTheEnd(cancellation), cancellation.Token));
        var folder = new JobFolder(options.Output);
        using var journal = JobJournal.Open(folder.Journal);
        var finished = DatasetFormats.Of(options.Output) == DatasetFormat.Npy ? folder.Spare : folder.Rows;
        journal.Add(new FinishedFile(Path.GetFileName(finished), new FileInfo(folder.Rows).Length, journal.Parts[^1]));
        return folder;
    }

    private static FakeEndpoint FailingAt(params float[] values) => FakeEndpoint.Of(
        inputs => inputs[0].Tensor.Values<float>().ContainsAny(values)
            ? throw new InferenceException(InferenceFailure.ModelError, "poison") : FakeEndpoint.Doubled(inputs[0]),
        new ValueSignature("x"));

    private BatchJobOptions Options(string output)
    {
        var input = _directory.File("in.jsonl");
        if (!File.Exists(input))
        {
            File.WriteAllLines(input, Enumerable.Range(0, Rows).Select(row => $$"""{"x": {{row}}}"""));
        }

        return new BatchJobOptions
        {
            Inputs = [input],
            Output = _directory.File(output),
            BatchSize = 3,
            ModelId = "a",
            CallsInFlight = 1,
            CommitInterval =
                TimeSpan.Zero,
        };
    }

    private sealed class AtTheEnd(CancellationTokenSource cancellation) : IProgress<BatchProgress>
    {
        public void Report(BatchProgress value)
        {
            if (value.Done == Rows)
            {
                cancellation.Cancel();
            }
        }
    }
}
