using Akka.Event;

namespace ZeroCopy;

/// <summary>
/// The log of an actor system that a host made: on standard error, since standard output is the program's own, which others may read.
/// </summary>
internal sealed class StandardErrorLogger : MinimalLogger
{
    /// <inheritdoc/>
    protected override void Log(object message)
    {
        if (message is LogEvent line)
        {
            Console.Error.WriteLine(line);
        }
    }
}
