using Microsoft.Extensions.Logging;

namespace ZeroCopy.Clustering.Tests.Hosting;

/// <summary>Keeps the lines of a log, and lets a spec wait for one.</summary>
internal sealed class LineProvider : ILoggerProvider, ILogger
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            _lines.Add(formatter(state, exception));
            _written.SetResult();
            _written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Waits for a line with these words.</summary>
    public async Task<string> WaitAsync(string words, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task written;
            lock (_lock)
            {
                if (_lines.Find(line => line.Contains(words, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }

                written = _written.Task;
            }

            await written.WaitAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
    }
}
