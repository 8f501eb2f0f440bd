using Akka.Actor;
using Akka.Dispatch.MessageQueues;

namespace ZeroCopy.Actors.Tasks;

/// <summary>A queue that takes no more room than its messages. Thread-safe.</summary>
internal sealed class TaskMessageQueue : IMessageQueue
{
    // Its own lock: nobody else knows it.
    private readonly Queue<Envelope> _messages = new();

    public bool HasMessages => Count > 0;

    public int Count
    {
        get
        {
            lock (_messages)
            {
                return _messages.Count;
            }
        }
    }

    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        lock (_messages)
        {
            _messages.Enqueue(envelope);
        }
    }

    public bool TryDequeue(out Envelope envelope)
    {
        lock (_messages)
        {
            return _messages.TryDequeue(out envelope);
        }
    }

    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (TryDequeue(out var envelope))
        {
            deadletters.Enqueue(owner, envelope);
        }
    }
}
