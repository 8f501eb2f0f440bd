using System.Globalization;
using Spectre.Console;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Batch;

/// <summary>Shows how far a job is on standard error: a bar on a terminal, else a line from time to time; nothing where JSON is
/// wanted.</summary>
internal static class BatchProgressView
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    // Of a shorter time nobody can say how long the rest takes.
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);

    public static Task<BatchReport> RunAsync(CommandContext context, Func<IProgress<BatchProgress>?, Task<BatchReport>> job)
    {
        if (context.Json)
        {
            return job(null);
        }

        if (Console.IsErrorRedirected)
        {
            return job(new Lines(context.Error, TimeProvider.System));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Error) });
        return console.Progress().AutoClear(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(bar => job(new Bar(bar.AddTask("reading"))));
    }

    /// <summary>For example <c>12,000 of 200,000 rows, 3,400 rows/s, 55 s left, 2 failed</c>.</summary>
    /// <param name="first">The first report of the run: what was before it says nothing of how fast rows are answered.</param>
    /// <param name="progress">The last one.</param>
    /// <param name="elapsed">The time between them.</param>
    internal static string Text(BatchProgress first, BatchProgress progress, TimeSpan elapsed)
    {
        var rate = elapsed < LeastTime ? default(double?) : (progress.Done - first.Done) / elapsed.TotalSeconds;
        var left = rate is not null && progress.Share - first.Share is > 0 and var done
            ? elapsed.TotalSeconds * (1 - progress.Share) / done : null;
        return string.Create(CultureInfo.InvariantCulture, $"{progress.Done:N0}")
            + (progress.Total is { } all ? string.Create(CultureInfo.InvariantCulture, $" of {all:N0}") : "") + " rows"
            + (rate is { } speed ? string.Create(CultureInfo.InvariantCulture, $", {speed:N0} rows/s") : "")
            + (left is { } time ? string.Create(CultureInfo.InvariantCulture, $", {Math.Ceiling(time):N0} s left") : "")
            + (progress.Failed > 0 ? string.Create(CultureInfo.InvariantCulture, $", {progress.Failed:N0} failed") : "");
    }

    /// <summary>Writes a line of text every ten seconds.</summary>
    internal sealed class Lines(TextWriter error, TimeProvider clock) : IProgress<BatchProgress>
    {
        private readonly Pace _pace = new(clock);
        private long _last = clock.GetTimestamp();

        public void Report(BatchProgress value)
        {
            _pace.Begin(value);
            if (clock.GetElapsedTime(_last) >= LineInterval)
            {
                _last = clock.GetTimestamp();
                error.WriteLine($"batch: {_pace.Text(value)}");
            }
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<BatchProgress>
    {
        private readonly Pace _pace = new(TimeProvider.System);

        public void Report(BatchProgress value)
        {
            _pace.Begin(value);
            task.IsIndeterminate = value.Share is null;
            task.MaxValue = 1;
            task.Value = value.Share ?? 0;
            task.Description = Markup.Escape(_pace.Text(value));
        }
    }

    /// <summary>How fast a run is, since its first report.</summary>
    private sealed class Pace(TimeProvider clock)
    {
        private BatchProgress? _first;
        private long _start;

        public void Begin(BatchProgress value)
        {
            if (_first is null)
            {
                (_first, _start) = (value, clock.GetTimestamp());
            }
        }

        public string Text(BatchProgress value) => BatchProgressView.Text(_first!.Value, value, clock.GetElapsedTime(_start));
    }
}
