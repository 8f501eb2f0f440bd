using System.CommandLine;
using System.Text.Json;
using SkiaSharp;
using ZeroCopy.Bench.Suites.Scale;
using ZeroCopy.Bench.Workers;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Commands;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Node.Tests.Commands;

public sealed class BenchCommandSpecs : IDisposable
{
    private static readonly ScaleSizes Tiny = new()
    {
        Kibibytes = [64, 256],
        TensorsOfBytes = 4,
        Tensors = [2, 20],
        KibibytesOfTensors = 64,
        Instances = [1, 3],

        // 31 MB of weights: a process's own memory goes up and down by a few.
        Instance = new BertConfiguration { HiddenSize = 256, Layers = 1, Heads = 4, IntermediateSize = 256, MaxPositions = 64 },
        Models = [1, 5],
        Rounds = 1,
        LongRounds = 1,
    };

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Bench_should_say_which_suites_can_be_drawn_when_another_is_to_be()
    {
        using var zerocopy = new LocalZerocopy();

        zerocopy.Run("bench", "put", "--plot", _directory.File("plots")).Failed(1, "--plot", "'put'", "scale");

        Assert.False(Directory.Exists(_directory.File("plots")));
    }

    [Fact]
    public void Bench_should_say_so_before_it_measures_when_plots_cannot_be_written()
    {
        File.WriteAllText(_directory.File("taken"), "");
        using var zerocopy = new LocalZerocopy();

        zerocopy.Run("bench", "scale", "--plot", _directory.File("taken")).Failed(1, "taken");
    }

    [SkippableFact]
    public async Task Bench_scale_should_measure_each_axis_beside_a_baseline_and_draw_it()
    {
        Skip.IfNot(ProcessMemory.IsSupported, "This system has no /proc/PID/smaps_rollup.");
        var plots = _directory.File("plots");

        var run = (await RunAsync("bench", "scale", "--json", "--plot", plots)).Succeeded();

        var report = run.Json();
        Assert.Equal("scale", report.GetProperty("suite").GetString());
        var results = report.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(
            [
                "bytes 0.0625 put", "bytes 0.0625 first-materialise", "bytes 0.0625 materialise", "bytes 0.0625 start",
                "bytes 0.25 put", "bytes 0.25 first-materialise", "bytes 0.25 materialise", "bytes 0.25 start",
                "tensors 2 put", "tensors 2 first-materialise", "tensors 2 materialise", "tensors 2 start",
                "tensors 20 put", "tensors 20 first-materialise", "tensors 20 materialise", "tensors 20 start",
                "models 1 put", "models 1 first-materialise", "models 1 materialise", "models 1 start",
                "models 5 put", "models 5 first-materialise", "models 5 materialise", "models 5 start",
                "instances 1 memory", "instances 1 ready", "instances 3 memory", "instances 3 ready",
            ],
            results.Select(result => (Figure: result.GetProperty("name").GetString(), Point: result.GetProperty("point")))
                .Select(result => $"{result.Point.GetProperty("axis").GetString()} {Number(result.Point, "at")} {result.Figure}"));
        Assert.All(results, result =>
        {
            var baseline = result.GetProperty("baseline");
            Assert.True(Number(result, "value") > 0 && Number(baseline, "value") > 0, result.ToString());
            Assert.Equal(Number(baseline, "value") / Number(result, "value"), Number(result, "ratio"), 6);
            Assert.Equal(result.GetProperty("unit").GetString(), baseline.GetProperty("unit").GetString());
            Assert.NotEmpty(result.GetProperty("subject").GetString()!);
            Assert.NotEmpty(baseline.GetProperty("name").GetString()!);
        });
        Assert.InRange(results.Single(result => result.GetProperty("subject").GetString() == "3 instances"
            && result.GetProperty("name").GetString() == "memory").GetProperty("ratio").GetDouble(), 1.5, 3.5);
        Assert.Equal(
            ["bytes.png", "instances.png", "models.png", "tensors.png"], Directory.GetFiles(plots).Select(Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(plots), file =>
        {
            using var image = SKBitmap.Decode(file);
            Assert.True(image.Width > 0 && image.Height > 0);
        });
    }

    public void Dispose() => _directory.Dispose();

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static async Task<Run> RunAsync(params string[] arguments)
    {
        var root = new RootCommand { new BenchCommand(new ScaleSuite(Tiny)) };
        root.Options.Add(GlobalOptions.Json);
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await root.Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return new Run(code, output.ToString(), error.ToString());
    }
}
