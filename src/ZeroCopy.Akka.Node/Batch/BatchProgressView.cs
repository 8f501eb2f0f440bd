using System.Diagnostics;
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

    public static Task<BatchReport> RunAsync(CommandContext context, Func<IProgress<BatchProgress>?, Task<BatchReport>> job)
    {
        if (context.Json)
        {
            return job(null);
        }

        if (Console.IsErrorRedirected)
        {
            return job(new Lines(context.Error));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Error) });
        return console.Progress().AutoClear(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(bar => job(new Bar(bar.AddTask("reading"))));
    }

    /// <summary>For example <c>12,000 of 200,000 rows, 3,400 rows/s, 55 s left, 2 failed</c>.</summary>
    internal static string Text(BatchProgress progress, TimeSpan elapsed)
    {
        var rate = (progress.Done - progress.ResumedAt) / Math.Max(elapsed.TotalSeconds, 1e-9);
        var left = progress.Total is { } total && rate > 0 ? TimeSpan.FromSeconds((total - progress.Done) / rate) : default(TimeSpan?);
        return string.Create(CultureInfo.InvariantCulture, $"{progress.Done:N0}")
            + (progress.Total is { } all ? string.Create(CultureInfo.InvariantCulture, $" of {all:N0}") : "")
            + string.Create(CultureInfo.InvariantCulture, $" rows, {rate:N0} rows/s")
            + (left is { } time ? string.Create(CultureInfo.InvariantCulture, $", {Math.Ceiling(time.TotalSeconds):N0} s left") : "")
            + (progress.Failed > 0 ? string.Create(CultureInfo.InvariantCulture, $", {progress.Failed:N0} failed") : "");
    }

    private sealed class Lines(TextWriter error) : IProgress<BatchProgress>
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private long _last = Stopwatch.GetTimestamp();

        public void Report(BatchProgress value)
        {
            if (Stopwatch.GetElapsedTime(_last) >= LineInterval)
            {
                _last = Stopwatch.GetTimestamp();
                error.WriteLine($"batch: {Text(value, Stopwatch.GetElapsedTime(_start))}");
            }
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<BatchProgress>
    {
        private readonly long _start = Stopwatch.GetTimestamp();

        public void Report(BatchProgress value)
        {
            task.IsIndeterminate = value.Total is null;
            task.MaxValue = Math.Max(1, value.Total ?? value.Done);
            task.Value = value.Done;
            task.Description = Markup.Escape(Text(value, Stopwatch.GetElapsedTime(_start)));
        }
    }
}
