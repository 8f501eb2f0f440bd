using Akka.Actor;
using Akka.Event;
using Akka.Hosting.Logging;
using Microsoft.Extensions.Logging;
using AkkaLevel = Akka.Event.LogLevel;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ZeroCopy.Node.Service;

/// <summary>Akka's log among the lines of the node's, which say level and time themselves: what is logged, and of what.</summary>
internal sealed class NodeLog : LoggerFactoryLogger
{
    private readonly ILogger _log = Context.System.Settings.Setup.Get<LoggerFactorySetup>().Value.LoggerFactory.CreateLogger("Akka");

    protected override void Log(LogEvent log, ActorPath path)
    {
        var level = LevelOf(log.LogLevel());
        if (_log.IsEnabled(level))
        {
            _log.Log(level, log.Cause, "[{LogSource}] {Message}", log.LogSource, log.Message);
        }
    }

    private static LogLevel LevelOf(AkkaLevel level) => level switch
    {
        AkkaLevel.DebugLevel => LogLevel.Debug,
        AkkaLevel.InfoLevel => LogLevel.Information,
        AkkaLevel.WarningLevel => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
