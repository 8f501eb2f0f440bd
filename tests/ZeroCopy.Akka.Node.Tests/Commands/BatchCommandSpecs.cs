using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>Files through a model and into a file; as a process where that is killed.</summary>
public sealed class BatchCommandSpecs : IDisposable
{
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public void Batch_should_send_the_rows_of_a_file_through_a_model()
    {
        Put("return x * 2");
        var input = Write("in.csv", ["id,a,b", .. Enumerable.Range(0, 10).Select(row => $"r{row},{row},{row}.5")]);

        var run = Batch(input, "out.csv", "--column", "a,b", "--keep", "id", "--batch-size", "4", "--actors", "2", "--json").Succeeded();

        Assert.Equal(
            ["id,output", .. Enumerable.Range(0, 10).Select(row => $"r{row},\"[{row * 2},{row * 2 + 1}]\"")],
            File.ReadLines(_zerocopy.File("out.csv")));
        var report = run.Json();
        Assert.Equal((10, 0, 0), (Number(report, "rows"), Number(report, "failed"), Number(report, "resumedAt")));
        Assert.Equal(_zerocopy.File("out.csv"), report.GetProperty("output").GetString());
        Assert.True(report.GetProperty("seconds").GetDouble() > 0 && report.GetProperty("rowsPerSecond").GetDouble() > 0);
        Assert.Empty(run.Error);
    }

    [Fact]
    public void Batch_should_show_how_it_would_bind_without_writing()
    {
        Put("return x * 2");
        var input = Write("in.jsonl", """{"x": [1, 2], "id": 7}""");

        var run = Batch(input, "out.jsonl", "--keep", "id", "--dry-run").Succeeded();

        Assert.Equal("x <- x (JSON -> F32)\noutput: id: JSON, output: list of F32\n{\"id\":7,\"output\":[2,4]}\n", run.Output);
        Assert.False(File.Exists(_zerocopy.File("out.jsonl")));
    }

    [Fact]
    public void Batch_should_show_as_JSON_how_it_would_bind()
    {
        Put("return x * 2");
        var input = Write("in.jsonl", """{"x": [1, 2], "id": 7}""", """{"x": [3, 4], "id": 8}""");

        var preview = Batch(input, "out.jsonl", "--keep", "id", "--dry-run", "--json").Succeeded().Json();

        Assert.Equal(["x <- x (JSON -> F32)"], Texts("bindings"));
        Assert.Equal(["id: JSON", "output: list of F32"], Texts("columns"));
        Assert.Equal(
            ["""{"id":7,"output":[2,4]}""", """{"id":8,"output":[6,8]}"""],
            preview.GetProperty("rows").EnumerateArray().Select(row => JsonSerializer.Serialize(row)));

        IEnumerable<string?> Texts(string name) => preview.GetProperty(name).EnumerateArray().Select(text => text.GetString());
    }

    [Fact]
    public void Batch_should_show_which_rows_would_fail()
    {
        Put("return x * 2");
        var input = Write("in.jsonl", """{"x": 1}""", """{"x": "one"}""", """{"x": 3}""");
        string[] options = ["--on-error", "skip", "--dry-run"];

        var shown = Batch(input, "out.jsonl", options);
        var preview = Batch(input, "out.jsonl", [.. options, "--json"]);

        var failure = $"'{input}', row 1 (from 0): 'x' has \"one\", which is no value of F32.";
        Assert.Equal((1, 1), (shown.ExitCode, preview.ExitCode));
        Assert.EndsWith("{\"output\":2}\n{\"output\":6}\n", shown.Output, StringComparison.Ordinal);
        Assert.Equal($"zerocopy: {failure}\nzerocopy: 1 row of the first batch failed.\n", shown.Error);
        Assert.Equal(1, Number(preview.Json(), "failed"));
        Assert.Equal([failure], preview.Json().GetProperty("failures").EnumerateArray().Select(text => text.GetString()));
    }

    [Fact]
    public void Batch_should_say_in_a_line_what_it_did()
    {
        Put("return x * 2");
        var input = Write("in.jsonl", [.. Enumerable.Range(0, 1234).Select(row => $$"""{"x": {{row}}}""")]);

        var run = Batch(input, "out.jsonl").Succeeded();
        var again = Batch(input, "out.jsonl", "--resume").Succeeded();

        Assert.Matches($@"^{Regex.Escape(_zerocopy.File("out.jsonl"))}  1,234 rows, [\d,]+\.\d s, [\d,]+ rows/s\n$", run.Output);
        Assert.EndsWith(" s, 0 rows/s, all done before\n", again.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("zerocopy:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Batch_should_say_where_actors_are_more_than_processors()
    {
        Put("return x * 2");
        var actors = Environment.ProcessorCount + 1;

        var run = Batch(Write("in.jsonl", """{"x": 1}"""), "out.jsonl", "--actors", $"{actors}").Succeeded();

        Assert.Equal(
            $"zerocopy: {actors} actors are more than the {actors - 1} processors; they take turns, and compute no faster.\n", run.Error);
    }

    [Fact]
    public void Batch_should_leave_what_is_there_as_it_is_where_no_actor_gets_the_model()
    {
        var folder = Directory.CreateDirectory(_zerocopy.File("own")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "own-once", "width": 1}""");
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"), [KeyValuePair.Create("step", HostTensor.From<float>(DType.Float32, [1], 1))]);
        // Each a process, in which it is built once.
        _zerocopy.Run("put", folder, "--name", "model", "--models", OwnModels.Path).Succeeded();
        var journal = Path.Combine(Directory.CreateDirectory(_zerocopy.File("out.jsonl.job")).FullName, "journal");
        File.WriteAllText(journal, "that of a run before");

        var run = _zerocopy.Run(Arguments(Write("in.jsonl", """{"x": 1}"""), "out.jsonl", ["--models", OwnModels.Path]));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("zerocopy: model@1 could not be loaded: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("It is built once.", run.Error, StringComparison.Ordinal);
        Assert.Equal("that of a run before", File.ReadAllText(journal));
    }

    [Fact]
    public void Batch_should_exit_with_1_where_rows_failed()
    {
        Put("return x * 2");
        var input = Write("in.jsonl", """{"x": 1}""", """{"x": "one"}""", """{"x": 3}""");

        var run = Batch(input, "out.jsonl", "--on-error", "skip", "--json");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal((2, 1), (Number(run.Json(), "rows"), Number(run.Json(), "failed")));
        Assert.Contains("1 row failed; '", run.Error, StringComparison.Ordinal);
        Assert.Equal(["""{"output":2}""", """{"output":6}"""], File.ReadLines(_zerocopy.File("out.jsonl")));
        using var failed = JsonDocument.Parse(File.ReadAllText(_zerocopy.File("out.jsonl.failed.jsonl")));
        Assert.Equal(1, Number(failed.RootElement, "row"));
    }

    [Theory]
    [InlineData("out.jsonl", 3)]
    [InlineData("out.csv", 40)]
    [InlineData("out.parquet", 7)]
    [InlineData("out.arrow", 20)]
    [InlineData("out.safetensors", 11)]
    public async Task Batch_should_make_the_same_file_when_it_was_killed(string output, int afterParts)
    {
        Put("return x * 2");
        var input = Write("in.jsonl", [.. Enumerable.Range(0, 4000).Select(row => $$"""{"x": [{{row}}, 0.5]}""")]);
        string[] options = ["--batch-size", "2", "--actors", "1"];
        Batch(input, "whole" + output, options).Succeeded();

        using (var killed = _zerocopy.Start(Arguments(input, output, [.. options, "--commit-every", "0"])))
        {
            await PartsAsync(_zerocopy.File(output), afterParts);
            killed.Kill();
            await killed.WaitForExitAsync();
        }

        Assert.False(File.Exists(_zerocopy.File(output)));
        var report = Batch(input, output, [.. options, "--resume", "--json"]).Succeeded().Json();

        Assert.Equal(File.ReadAllBytes(_zerocopy.File("whole" + output)), File.ReadAllBytes(_zerocopy.File(output)));
        Assert.Equal(4000, Number(report, "rows"));
        Assert.InRange(Number(report, "resumedAt"), 2 * afterParts, 4000);
        Assert.False(Directory.Exists(_zerocopy.File(output) + ".job"));
    }

    [Fact]
    public async Task Batch_should_be_resumable_when_it_is_interrupted()
    {
        Put("return x * 2");
        var input = Write("in.jsonl", [.. Enumerable.Range(0, 4000).Select(row => $$"""{"x": {{row}}}""")]);
        string[] options = ["--batch-size", "1", "--actors", "1"];

        Run interrupted;
        using (var process = _zerocopy.Start(Arguments(input, "out.jsonl", [.. options, "--commit-every", "0"])))
        {
            await PartsAsync(_zerocopy.File("out.jsonl"), 5);
            using var signal = Process.Start("kill", ["-INT", $"{process.Id}"]);
            interrupted = Zerocopy.Finish(process);
        }

        interrupted.Failed(1, "--resume");
        Assert.True(Number(Batch(input, "out.jsonl", [.. options, "--resume", "--json"]).Succeeded().Json(), "resumedAt") >= 5);
        Assert.Equal(Enumerable.Range(0, 4000).Select(row => $$"""{"output":{{row * 2}}}"""), File.ReadLines(_zerocopy.File("out.jsonl")));
    }

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    /// <summary>Waits until a job's journal has so many states.</summary>
    private static async Task PartsAsync(string output, int parts)
    {
        var folder = output + ".job";
        var reached = new TaskCompletionSource();
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(output)!) { IncludeSubdirectories = true };
        watcher.Changed += (_, _) => Look();
        watcher.Created += (_, _) => Look();
        watcher.EnableRaisingEvents = true;
        Look();
        await reached.Task.WaitAsync(TimeSpan.FromMinutes(1));

        void Look()
        {
            var journal = Path.Combine(folder, "journal");
            if (File.Exists(journal))
            {
                // The running process holds it alone; reading does not ask for a share.
                using var cat = Process.Start(new ProcessStartInfo("grep", ["-c", "part", journal]) { RedirectStandardOutput = true })!;
                if (int.TryParse(cat.StandardOutput.ReadToEnd(), out var lines) && lines >= parts)
                {
                    reached.TrySetResult();
                }
            }
        }
    }

    private void Put(string body)
    {
        ScriptText.Save(_zerocopy.File("model.pt"), $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    {body}\n");
        _zerocopy.RunInside("put", _zerocopy.File("model.pt"), "--name", "model").Succeeded();
    }

    private Run Batch(string input, string output, params string[] options) => _zerocopy.RunInside(Arguments(input, output, options));

    private string[] Arguments(string input, string output, string[] options) =>
        ["batch", "model", "--input", input, "--output", _zerocopy.File(output), .. options];

    private string Write(string name, params string[] lines)
    {
        File.WriteAllLines(_zerocopy.File(name), lines);
        return _zerocopy.File(name);
    }
}
