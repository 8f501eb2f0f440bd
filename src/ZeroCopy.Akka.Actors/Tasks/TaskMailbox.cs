using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Tasks;

/// <summary>
/// The mailbox of a one-shot actor, which gets two or three messages in its life: Akka's own mailbox starts with a kilobyte for 32.
/// </summary>
internal sealed class TaskMailbox(Akka.Actor.Settings settings, Config config)
    : MailboxType(settings, config), IProducesMessageQueue<TaskMessageQueue>
{
    public override Akka.Dispatch.MessageQueues.IMessageQueue Create(IActorRef owner, ActorSystem system) => new TaskMessageQueue();
}
