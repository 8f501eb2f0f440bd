using Akka.Actor;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>Sends back what it gets: a call without the product.</summary>
internal sealed class EchoActor : UntypedActor
{
    public const string Name = "echo";

    protected override void OnReceive(object message) => Sender.Tell(message, Self);
}
