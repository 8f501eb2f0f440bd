using System.Collections.Concurrent;
using Akka.Actor;

namespace ZeroCopy.Actors.Tasks;

/// <summary>
/// Parent of the one-shot actors, <c>/user/zerocopy/tasks</c>: one child a task. A child that crashes has failed its call and is not
/// restarted.
/// </summary>
internal sealed class TaskSupervisor : UntypedActor
{
    // The children share one Props, as making Props costs as much as making an actor: each takes the next task instead of being given one.
    private readonly ConcurrentQueue<TaskCall> _tasks = new();
    private readonly Props _child;

    public TaskSupervisor() => _child = TaskActor.Props(_tasks);

    public static Props Props() => Akka.Actor.Props.Create<TaskSupervisor>();

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case TaskCall task:
                _tasks.Enqueue(task);
                Context.ActorOf(_child);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
