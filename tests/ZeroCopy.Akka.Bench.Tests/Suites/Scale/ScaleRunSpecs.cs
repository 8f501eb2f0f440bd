using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Suites.Scale;

namespace ZeroCopy.Bench.Tests.Suites.Scale;

public sealed class ScaleRunSpecs : IProgress<string>, IDisposable
{
    private readonly ScratchDirectory _directory = new("bench");
    private readonly List<string> _lines = [];

    [Fact]
    public void ScaleRun_should_leave_out_what_has_no_room_and_say_so()
    {
        Assert.True(Run().HasRoom("8 MiB", 32 << 20, available: 32 << 20));
        Assert.Empty(_lines);

        Assert.False(Run().HasRoom("1740 MiB", 6960L << 20, available: 64 << 20));

        var line = Assert.Single(_lines);
        Assert.Contains("1740 MiB is left out", line, StringComparison.Ordinal);
        Assert.Contains("6,960 MiB", line, StringComparison.Ordinal);
        Assert.Contains("64 MiB are free", line, StringComparison.Ordinal);
    }

    [Fact]
    public void ScaleRun_should_look_at_what_the_host_has_left()
    {
        Assert.True(Run().HasRoom("nothing", 0));
        Assert.False(Run().HasRoom("everything", long.MaxValue));
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(1L << 30, 2)]
    public void ScaleRun_should_measure_large_models_less_often(long bytes, int rounds) => Assert.Equal(rounds, Run().RoundsOf(bytes));

    void IProgress<string>.Report(string value) => _lines.Add(value);

    public void Dispose() => _directory.Dispose();

    private ScaleRun Run() => new(_directory, new ScaleSizes { Rounds = 7, LongRounds = 2 }, this, default);
}
