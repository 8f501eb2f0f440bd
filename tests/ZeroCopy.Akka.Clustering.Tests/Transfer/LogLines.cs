using System.Threading.Channels;
using Akka.Event;

namespace ZeroCopy.Clustering.Tests.Transfer;

/// <summary>A log that a spec reads.</summary>
internal sealed class LogLines() : LoggingAdapterBase(DefaultLogMessageFormatter.Instance)
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    public override bool IsDebugEnabled => true;

    public override bool IsInfoEnabled => true;

    public override bool IsWarningEnabled => true;

    public override bool IsErrorEnabled => true;

    /// <summary>The next line.</summary>
    public ValueTask<string> NextAsync(CancellationToken cancellationToken) => _lines.Reader.ReadAsync(cancellationToken);

    protected override void NotifyLog(LogLevel logLevel, object message, Exception? cause = null) => _lines.Writer.TryWrite($"{message}");
}
