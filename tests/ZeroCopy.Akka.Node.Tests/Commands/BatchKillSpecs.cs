using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Xunit.Abstractions;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>Batch jobs that are killed at any moment: a few moments of each format are tried by <see cref="BatchCommandSpecs"/>.</summary>
public sealed class BatchKillSpecs(ITestOutputHelper log) : IDisposable
{
    private const int Files = 2;
    private const int RowsPerFile = 10_000;
    private const int Rows = Files * RowsPerFile;
    private const int BadEvery = 400;
    private const int Moments = 20;
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [SkippableTheory]
    [InlineData("jsonl")]
    [InlineData("csv")]
    [InlineData("parquet")]
    [InlineData("arrow")]
    [InlineData("safetensors")]
    [InlineData("npy")]
    [InlineData("tsv")]
    [InlineData("arrows")]
    public async Task Batch_should_make_the_same_file_when_it_was_killed_at_any_moment(string format)
    {
        Skip.IfNot(Soak.IsOn, Soak.Reason);
        ScriptText.Save(
            _zerocopy.File("model.pt"), $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    return x * 2\n");
        _zerocopy.Run("put", _zerocopy.File("model.pt"), "--name", "model").Succeeded();
        for (var file = 0; file < Files; file++)
        {
            File.WriteAllLines(_zerocopy.File($"in{file}.jsonl"), Enumerable.Range(file * RowsPerFile, RowsPerFile).Select(row =>
                row % BadEvery == 7 ? $$"""{"id": {{row}}, "x": "bad"}""" : $$"""{"id": {{row}}, "x": [{{row}}, 0.5]}"""));
        }

        var whole = Stopwatch.StartNew();
        Assert.Equal(1, _zerocopy.Run(Arguments("whole", "0.05")).ExitCode);
        var time = whole.Elapsed;
        var (expected, failed) = Written("whole");
        Assert.Equal(Rows / BadEvery, File.ReadLines(_zerocopy.File($"whole.{format}.failed.jsonl")).Count());
        var random = new Random(format.Length);
        var resumed = new List<int>();

        for (var moment = 0; moment < Moments; moment++)
        {
            var name = $"out{moment}";
            using (var killed = _zerocopy.Start(Arguments(name, moment % 2 == 0 ? "0" : "0.05")))
            {
                // The last of them end by themselves. The first half of the time is that of the start.
                killed.WaitForExit(time * (moment < Moments / 4 ? random.NextDouble() : (1 + random.NextDouble()) / 2));
                killed.Kill();
                await killed.WaitForExitAsync();
            }

            var done = RowsDone($"{name}.{format}");
            var run = _zerocopy.Run([.. Arguments(name, "0.05"), "--resume", "--json"]);

            Assert.Equal(1, run.ExitCode);
            var report = run.Json();
            Assert.Equal(done, Number("resumedAt"));
            Assert.Equal((Rows - (Rows / BadEvery), Rows / BadEvery), (Number("rows"), Number("failed")));
            Assert.Equal((expected, failed), Written(name));
            Assert.False(Directory.Exists(_zerocopy.File($"{name}.{format}.job")));
            resumed.Add(done);
            File.Delete(_zerocopy.File($"{name}.{format}"));

            int Number(string member) => report.GetProperty(member).GetInt32();
        }

        log.WriteLine($"{format}, a whole run in {time.TotalSeconds:0.0} s: resumed at {string.Join(", ", resumed.Order())}");
        Assert.Contains(resumed, row => row is > 0 and < Rows);

        // As text, of which the difference is shown.
        (string Output, string Failed) Written(string name) => (
            Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(_zerocopy.File($"{name}.{format}")))),
            File.ReadAllText(_zerocopy.File($"{name}.{format}.failed.jsonl")));

        string[] Arguments(string name, string commit) =>
        [
            "batch", "model", "--input", _zerocopy.File("in0.jsonl"), _zerocopy.File("in1.jsonl"), "--column", "x",
            .. format == "npy" ? Array.Empty<string>() : ["--keep", "id"], "--on-error", "skip",
            "--output", _zerocopy.File($"{name}.{format}"), "--batch-size", "4", "--actors", "1", "--commit-every", commit,
        ];
    }

    /// <summary>The row that the last state of a job ends before: behind the last one where it is done, 0 where it has no state.</summary>
    private int RowsDone(string output)
    {
        var journal = Path.Combine(_zerocopy.File(output) + ".job", "journal");
        if (!File.Exists(journal))
        {
            return File.Exists(_zerocopy.File(output)) ? Rows : 0;
        }

        // A line that was cut does not count.
        var states = Regex.Matches(File.ReadAllText(journal), "\"nextRow\":(\\d+).*\n");
        return states.Count == 0 ? 0 : int.Parse(states[^1].Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
