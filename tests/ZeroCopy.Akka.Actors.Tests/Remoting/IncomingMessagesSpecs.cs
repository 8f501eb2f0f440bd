using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Remoting;

public sealed class IncomingMessagesSpecs : ZeroCopySpec
{
    private readonly IncomingMessages _incoming = new(new RemotingSettings { MaxMessage = 1000 });

    [Fact]
    public void IncomingMessages_should_give_a_message_with_its_last_part()
    {
        Assert.Null(_incoming.Add(TestActor, Part(1, 0, 5, 1, 2)));
        Assert.Null(_incoming.Add(TestActor, Part(1, 2, 5, 3)));
        var whole = _incoming.Add(TestActor, Part(1, 3, 5, 4, 5));
        Assert.Equal((1, "p"), (whole!.Id, whole.Manifest));
        Assert.Equal([1, 2, 3, 4, 5], whole.Bytes);
        Assert.Equal(0, _incoming.Bytes);
    }

    [Fact]
    public void IncomingMessages_should_throw_away_what_its_sender_gave_up()
    {
        _incoming.Add(TestActor, Part(1, 0, 900, 1));
        Assert.Null(_incoming.Add(TestActor, Part(2, 0, 2, 7)));
        Assert.Equal(2, _incoming.Bytes);
        Assert.Null(_incoming.Add(TestActor, Part(1, 1, 900, 1)));
        Assert.Equal([7, 8], _incoming.Add(TestActor, Part(2, 1, 2, 8))!.Bytes);

        _incoming.Add(TestActor, Part(3, 0, 900, 1));
        _incoming.Drop(TestActor, 2);
        Assert.Equal(900, _incoming.Bytes);
        _incoming.Drop(TestActor, 3);
        Assert.Equal(0, _incoming.Bytes);
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(1, 5)]
    [InlineData(2, 6)]
    public void IncomingMessages_should_take_no_part_that_is_not_the_next_one(long offset, long total)
    {
        _incoming.Add(TestActor, Part(1, 0, 5, 1, 2));
        Assert.Null(_incoming.Add(TestActor, Part(1, offset, total, 9)));
        Assert.Equal([1, 2, 3, 4, 5], _incoming.Add(TestActor, Part(1, 2, 5, 3, 4, 5))!.Bytes);
    }

    [Fact]
    public void IncomingMessages_should_take_no_memory_for_a_message_that_is_too_large()
    {
        var thrown = Assert.Throws<InferenceException>(() => _incoming.Add(TestActor, Part(1, 0, long.MaxValue, 1)));
        Assert.Equal(InferenceFailure.MessageTooLarge, thrown.Failure);
        Assert.Contains("zerocopy.inference.remoting.max-message", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(0, _incoming.Bytes);
        Assert.Null(_incoming.Add(TestActor, Part(1, 1, long.MaxValue, 1)));
    }

    [Fact]
    public void IncomingMessages_should_bound_what_one_process_sends_at_once()
    {
        foreach (var sender in Senders(4))
        {
            _incoming.Add(sender, Part(1, 0, 1000, 1));
        }

        var thrown = Assert.Throws<InferenceException>(() => _incoming.Add(TestActor, Part(1, 0, 2, 1)));
        Assert.Equal(InferenceFailure.Overloaded, thrown.Failure);
        Assert.Contains("4000 bytes", thrown.Message, StringComparison.Ordinal);
        _incoming.ForgetAt(TestActor.Path.Address);
        Assert.Equal(0, _incoming.Bytes);

        foreach (var sender in Senders(IncomingMessages.MostMessages))
        {
            _incoming.Add(sender, Part(1, 0, 2, 1));
        }

        Assert.Throws<InferenceException>(() => _incoming.Add(TestActor, Part(1, 0, 2, 1)));
    }

    [Fact]
    public void IncomingMessages_should_bound_what_all_processes_send_at_once()
    {
        foreach (var port in Enumerable.Range(1, IncomingMessages.MostLargestOfAll))
        {
            _incoming.Add(new FarActor(port), Part(1, 0, 1000, 1));
        }

        var thrown = Assert.Throws<InferenceException>(() => _incoming.Add(new FarActor(99), Part(1, 0, 2, 1)));
        Assert.Equal(InferenceFailure.Overloaded, thrown.Failure);
        Assert.Contains("16000 bytes", thrown.Message, StringComparison.Ordinal);
        _incoming.Forget(new FarActor(1));
        Assert.Null(_incoming.Add(new FarActor(99), Part(1, 0, 2, 1)));
    }

    private IEnumerable<IActorRef> Senders(int count) => Enumerable.Range(0, count).Select(_ => CreateTestProbe().Ref);

    private static MessagePart Part(long id, long offset, long total, params byte[] data) => new(id, offset, total, "p", data);

    /// <summary>An actor of a process of its own.</summary>
    private sealed class FarActor(int port) : MinimalActorRef
    {
        public override ActorPath Path { get; } =
            new RootActorPath(new Address("akka.tcp", "zerocopy", "10.0.0.7", port)) / "user" / "client";

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }
}
