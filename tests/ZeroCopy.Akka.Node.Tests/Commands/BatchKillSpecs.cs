using System.Diagnostics;
using Xunit.Abstractions;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>Batch jobs that are killed at any moment: a few moments of each format are tried by <see cref="BatchCommandSpecs"/>.</summary>
public sealed class BatchKillSpecs(ITestOutputHelper log) : IDisposable
{
    private const int Rows = 20_000;
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
        File.WriteAllLines(_zerocopy.File("in.jsonl"), Enumerable.Range(0, Rows).Select(row => $$"""{"x": [{{row}}, 0.5]}"""));
        var whole = Stopwatch.StartNew();
        _zerocopy.Run(Arguments("whole", "0.05")).Succeeded();
        var time = whole.Elapsed;
        var expected = File.ReadAllBytes(_zerocopy.File($"whole.{format}"));
        var random = new Random(format.Length);
        var resumed = new List<int>();

        for (var moment = 0; moment < Moments; moment++)
        {
            var name = $"out{moment}";
            using (var killed = _zerocopy.Start(Arguments(name, moment % 2 == 0 ? "0" : "0.05")))
            {
                // The last of them end by themselves.
                killed.WaitForExit(time * random.NextDouble());
                killed.Kill();
                await killed.WaitForExitAsync();
            }

            var report = _zerocopy.Run([.. Arguments(name, "0.05"), "--resume", "--json"]).Succeeded().Json();

            Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(_zerocopy.File($"{name}.{format}"))), name);
            Assert.Equal(Rows, report.GetProperty("rows").GetInt32());
            Assert.False(Directory.Exists(_zerocopy.File($"{name}.{format}.job")));
            resumed.Add(report.GetProperty("resumedAt").GetInt32());
            File.Delete(_zerocopy.File($"{name}.{format}"));
        }

        log.WriteLine($"{format}, a whole run in {time.TotalSeconds:0.0} s: resumed at {string.Join(", ", resumed.Order())}");

        string[] Arguments(string name, string commit) =>
        [
            "batch", "model", "--input", _zerocopy.File("in.jsonl"), "--output", _zerocopy.File($"{name}.{format}"),
            "--batch-size", "4", "--actors", "1", "--commit-every", commit,
        ];
    }
}
