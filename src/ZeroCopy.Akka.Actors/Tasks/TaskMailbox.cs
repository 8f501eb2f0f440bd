using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Tasks;

/// <summary>
/// The mailbox of a one-shot actor. It gets two or three messages in its life, and Akka's own mailbox starts with a kilobyte for 32 of them.
/// </summary>
internal sealed class TaskMailbox(Akka.Actor.Settings settings, Config config)
    : MailboxType(settings, config), IProducesMessageQueue<TaskMessageQueue>
{
    public override Akka.Dispatch.MessageQueues.IMessageQueue Create(IActorRef owner, ActorSystem system) => new TaskMessageQueue();
}
