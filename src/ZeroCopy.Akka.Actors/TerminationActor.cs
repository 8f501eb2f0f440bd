using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace ZeroCopy.Actors;

/// <summary>
/// <c>/system/zerocopy-termination</c>: runs an action when every actor below <c>/user</c> has stopped; the actor system has terminated
/// only after that. The callbacks of <see cref="ActorSystem.RegisterOnTermination"/> are no place for it:
/// <see cref="ActorSystem.WhenTerminated"/> waits for the last one only.
/// </summary>
internal sealed class TerminationActor(Action action) : UntypedActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public static void Start(ExtendedActorSystem system, Action action)
    {
        var actor = system.SystemActorOf(Akka.Actor.Props.Create(() => new TerminationActor(action)), "zerocopy-termination");
        // From here, not from the actor's start: a system that terminates at once waits for it too.
        system.SystemGuardian.Tell(RegisterTerminationHook.Instance, actor);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case TerminationHook:
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    _log.Error(e, "What ZeroCopy.Akka holds could not be closed with the actor system");
                }

                Sender.Tell(TerminationHookDone.Instance, Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
