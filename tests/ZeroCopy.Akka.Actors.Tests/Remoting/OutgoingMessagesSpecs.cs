using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Tests.Remoting;

public sealed class OutgoingMessagesSpecs : ZeroCopySpec
{
    private const int PartBytes = 64 << 10;

    private readonly OutgoingMessages _outgoing;

    public OutgoingMessagesSpecs() => _outgoing = new OutgoingMessages(TestActor, new FrameLimit(Sys, new RemotingSettings()));

    [Fact]
    public void OutgoingMessages_should_have_no_more_parts_under_way_than_its_window()
    {
        var probe = CreateTestProbe();
        var bytes = new byte[(PartBytes * OutgoingMessages.Window * 2) + 5];
        Random.Shared.NextBytes(bytes);
        _outgoing.Send(probe.Ref, new Parcel(null, 7, "p", bytes));
        var parts = Enumerable.Range(0, OutgoingMessages.Window).Select(_ => probe.ExpectMsg<MessagePart>()).ToList();
        Assert.Equal(OutgoingMessages.Window / OutgoingMessages.PartsPerReceipt, parts.Count(part => part.WantsReceipt));
        probe.ExpectNoMsg(TimeSpan.Zero);

        while (parts.Sum(part => part.Data.Length) < bytes.Length)
        {
            _outgoing.OnReceipt(probe.Ref);
            parts.AddRange(probe.ReceiveWhile(TimeSpan.Zero, message => (MessagePart)message));
        }

        Assert.Equal(bytes, parts.SelectMany(part => part.Data.ToArray()));
        Assert.All(parts, part => Assert.Equal((7, "p", bytes.Length), (part.Id, part.Manifest, part.Total)));
    }

    [Fact]
    public void OutgoingMessages_should_send_no_more_of_what_was_dropped()
    {
        var probe = CreateTestProbe();
        _outgoing.Send(probe.Ref, new Parcel(null, 1, "p", new byte[PartBytes * (OutgoingMessages.Window + 8)]));
        _outgoing.Send(probe.Ref, new Parcel(null, 2, "p", new byte[3]));
        _outgoing.Send(probe.Ref, new Parcel(null, 3, "p", new byte[4]));
        _outgoing.Drop(probe.Ref, 2);
        _outgoing.Drop(probe.Ref, 1);
        probe.ReceiveN(OutgoingMessages.Window);
        _outgoing.OnReceipt(probe.Ref);
        var part = probe.ExpectMsg<MessagePart>();
        Assert.Equal((3, 0, 4), (part.Id, part.Offset, part.Total));
        probe.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void OutgoingMessages_should_send_what_a_frame_holds_at_once()
    {
        var probe = CreateTestProbe();
        _outgoing.Send(probe.Ref, new Parcel(null, 1, "p", new byte[PartBytes * (OutgoingMessages.Window + 8)]));
        probe.ReceiveN(OutgoingMessages.Window);
        _outgoing.Send(probe.Ref, new Parcel(new EndpointRequest.List(2)));
        probe.ExpectMsg<EndpointRequest.List>();
    }
}
