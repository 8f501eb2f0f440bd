using Spectre.Console;

namespace ZeroCopy.Node.Cli;

/// <summary>A progress bar on a terminal, gone when the work is done.</summary>
internal static class ProgressBar
{
    public static Task<T> RunAsync<T>(TextWriter terminal, string what, Func<IProgress<double>, Task<T>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal) });
        return console.Progress().AutoClear(true).StartAsync(context => work(new Bar(context.AddTask(Markup.Escape(what), maxValue: 1))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
