using Akka.Actor.Setup;

namespace ZeroCopy;

/// <summary>
/// How an actor system's host is opened: with the system's other setups, so that whoever needs the host first gets it with these options.
/// </summary>
internal sealed class HostSetup(ZeroCopyHostOptions options) : Setup
{
    public ZeroCopyHostOptions Options { get; } = options;
}
