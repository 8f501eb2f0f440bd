using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>Keeps what a server logs.</summary>
/// <param name="from">Lines of less weight are left out.</param>
internal sealed class LogLines(LogLevel from = LogLevel.Trace) : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= from;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Lines.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }

    public void Dispose()
    {
    }
}
