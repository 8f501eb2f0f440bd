using Akka.Actor;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Clustering.Models;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Tests.Models;

public sealed class OrderBookSpecs
{
    private static readonly Address A = Address.Parse("akka.tcp://zerocopy@a:1");
    private static readonly Address B = Address.Parse("akka.tcp://zerocopy@b:1");

    private readonly FakeTimeProvider _clock = new();
    private readonly OrderBook _orders;

    public OrderBookSpecs() => _orders = new OrderBook(_clock);

    [Fact]
    public void OrderBook_should_know_an_order_until_it_is_answered()
    {
        var order = _orders.Add(A, 2);

        Assert.Equal((order, null, null), (_orders.Find(A, 2), _orders.Find(A, 1), _orders.Find(B, 2)));
        Assert.True(_orders.Has(2));
        Assert.Equal([order], _orders.At(A));

        Assert.Equal(order, _orders.End(order.Id, null));
        Assert.True(_orders.IsEmpty);
        Assert.Null(_orders.End(order.Id, "late"));
        Assert.False(_orders.HasFailed(A, 2));
    }

    [Fact]
    public void OrderBook_should_not_take_an_order_to_hold_a_version_for_one_to_load_it()
    {
        _orders.Add(A, 2, warm: false);

        Assert.Null(_orders.Find(A, 2));
        Assert.True(_orders.Has(2));

        var order = _orders.Add(A, 2);
        Assert.Equal(order, _orders.Find(A, 2));
    }

    [Fact]
    public void OrderBook_should_know_which_calls_wait_until_their_order_is_answered()
    {
        var order = _orders.Add(A, 2);
        _orders.Wait(order, ActorRefs.Nobody, new EntityRequest.Place("bert", 2, [], 7));

        Assert.True(_orders.Awaits(ActorRefs.Nobody, 7));
        Assert.False(_orders.Awaits(ActorRefs.Nobody, 8));

        Assert.Single(_orders.End(order.Id, null)!.Waiting);
        Assert.False(_orders.Awaits(ActorRefs.Nobody, 7));
    }

    [Fact]
    public void OrderBook_should_remember_for_a_while_who_failed_what_and_why()
    {
        _orders.End(_orders.Add(A, 2).Id, "no room");

        Assert.Equal([(A, "no room")], _orders.Failed(2));
        Assert.False(_orders.HasFailed(A, 1));
        Assert.False(_orders.HasFailed(B, 2));

        _clock.Advance(OrderBook.FailureMemory);
        Assert.False(_orders.HasFailed(A, 2));
        Assert.Empty(_orders.Failed(2));
    }

    [Fact]
    public void OrderBook_should_forgive_a_node_that_has_loaded_it_after_all()
    {
        _orders.End(_orders.Add(A, 2).Id, "no room");
        _orders.End(_orders.Add(B, 2).Id, "no room");

        _orders.Forgive(A, 2);

        Assert.Equal([(B, "no room")], _orders.Failed(2));
    }

    [Fact]
    public void OrderBook_should_forget_who_failed_a_version_that_nobody_holds_any_more()
    {
        _orders.End(_orders.Add(A, 1).Id, "no room");
        _orders.End(_orders.Add(A, 2).Id, "no room");

        _orders.Keep([2]);

        Assert.Empty(_orders.Failed(1));
        Assert.Equal([(A, "no room")], _orders.Failed(2));
    }
}
