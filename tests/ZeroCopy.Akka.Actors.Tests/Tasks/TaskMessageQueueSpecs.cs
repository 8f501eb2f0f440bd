using Akka.Actor;
using Akka.Dispatch.MessageQueues;
using ZeroCopy.Actors.Tasks;

namespace ZeroCopy.Actors.Tests.Tasks;

public sealed class TaskMessageQueueSpecs
{
    private readonly TaskMessageQueue _queue = new();

    public TaskMessageQueueSpecs()
    {
        for (var i = 0; i < 10; i++)
        {
            _queue.Enqueue(ActorRefs.Nobody, new Envelope(i, ActorRefs.NoSender));
        }
    }

    [Fact]
    public void TaskMessageQueue_should_give_messages_in_their_order()
    {
        Assert.Equal(10, _queue.Count);
        Assert.Equal(Enumerable.Range(0, 10).Cast<object>(), Take(_queue));
        Assert.False(_queue.HasMessages);
    }

    [Fact]
    public void TaskMessageQueue_should_hand_what_is_left_to_the_dead_letters_when_it_is_cleaned_up()
    {
        var dead = new UnboundedMessageQueue();
        Assert.True(_queue.HasMessages);
        _queue.TryDequeue(out _);
        _queue.CleanUp(ActorRefs.Nobody, dead);
        Assert.False(_queue.HasMessages);
        Assert.Equal(Enumerable.Range(1, 9).Cast<object>(), Take(dead));
    }

    private static List<object> Take(IMessageQueue queue)
    {
        var taken = new List<object>();
        while (queue.TryDequeue(out var envelope))
        {
            taken.Add(envelope.Message);
        }

        return taken;
    }
}
