using Akka.Actor;

namespace ZeroCopy.Actors.Tasks;

/// <summary>Parent of the one-shot actors, <c>/user/zerocopy/tasks</c>: one child a task. A child that crashes has failed its call and is not restarted.</summary>
internal sealed class TaskSupervisor : UntypedActor
{
    public static Props Props() => Akka.Actor.Props.Create<TaskSupervisor>();

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case TaskCall task:
                Context.ActorOf(TaskActor.Props(task));
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
