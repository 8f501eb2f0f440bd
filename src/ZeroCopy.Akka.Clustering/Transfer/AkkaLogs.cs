using Akka.Event;
using Microsoft.Extensions.Logging;
using AkkaLevel = Akka.Event.LogLevel;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// The web server's warnings and errors in the actor system's log; and whom it would not speak with, which it says for developers alone.
/// </summary>
internal sealed class AkkaLogs(ILoggingAdapter log) : ILoggerProvider
{
    private const string Handshakes = "Microsoft.AspNetCore.Server.Kestrel.Https.Internal.HttpsConnectionMiddleware";

    public ILogger CreateLogger(string categoryName) => new Logger(log, categoryName == Handshakes ? LogLevel.Debug : LogLevel.Warning);

    public void Dispose()
    {
    }

    private sealed class Logger(ILoggingAdapter log, LogLevel lowest) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= lowest;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // A debug line without an exception says that a connection was made.
            if (IsEnabled(logLevel) && (logLevel >= LogLevel.Warning || exception is not null))
            {
                var level = logLevel >= LogLevel.Error ? AkkaLevel.ErrorLevel : AkkaLevel.WarningLevel;
                log.Log(level, exception, "Transfer: {0} {1}", formatter(state, exception), exception?.Message ?? "");
            }
        }
    }
}
