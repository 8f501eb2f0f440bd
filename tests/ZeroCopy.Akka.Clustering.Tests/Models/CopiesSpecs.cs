using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Models;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Models;

public sealed class CopiesSpecs
{
    private static readonly Address A = Address.Parse("akka.tcp://zerocopy@a:1");
    private static readonly Address B = Address.Parse("akka.tcp://zerocopy@b:1");
    private static readonly HeldVersion Held = new(1, ModelId.Of([1]), 100, null, true, EndpointState.Ready, 1, 0, null);
    private static readonly HeldVersion Overfull = Held with { Pending = 3 };

    private readonly NodeTable _nodes = new();
    private readonly ModelView _view = new("bert");
    private readonly OrderBook _orders = new(TimeProvider.System);
    private readonly Copies _copies;

    public CopiesSpecs()
    {
        _copies = new Copies(_view, _nodes, _orders, new Placement(_nodes, new Random(1)), wanted: 2);
        Node(A);
        Node(B);
    }

    [Fact]
    public void Copies_should_spread_a_version_whose_actors_have_too_many_calls_in_three_reports()
    {
        Assert.Equal([null, null, B], Enumerable.Range(0, 3).Select(_ => Spread(Overfull)));
        Assert.Null(Spread(Overfull));
    }

    [Fact]
    public void Copies_should_begin_to_count_anew_when_the_calls_were_fewer_in_between() => Assert.All(
        new[] { Overfull, Overfull, Held, Overfull, Overfull }, held => Assert.Null(Spread(held)));

    [Fact]
    public void Copies_should_spread_to_no_node_that_is_as_busy()
    {
        Node(B, pending: 2);

        Assert.All(Enumerable.Range(0, 6), _ => Assert.Null(Spread(Overfull)));
    }

    [Fact]
    public void Copies_should_spread_nothing_that_is_on_its_way_already()
    {
        _orders.Add(B, 1);

        Assert.All(Enumerable.Range(0, 6), _ => Assert.Null(Spread(Overfull)));
    }

    [Fact]
    public void Copies_should_have_a_version_that_is_used_held_by_a_second_store()
    {
        Hold(A, Held);

        Assert.Equal([(1, 1, B)], _copies.Copy([]));
    }

    [Fact]
    public void Copies_should_have_every_version_that_is_used_held_by_a_second_store()
    {
        Hold(A, Version(1, ready: 1), Version(2, ready: 1), Version(3, ready: 0));
        Hold(B, Version(2, ready: 0));
        Assert.Equal(2, _view.Current);

        Assert.Equal([(1, 1, B)], _copies.Copy([]));

        Hold(B);
        Assert.Equal([(2, 1, B), (1, 1, B)], _copies.Copy([]));

        _orders.Add(B, 2);
        Assert.Equal([(1, 1, B)], _copies.Copy([]));
    }

    [Theory]
    [InlineData(true, false, "b")]
    [InlineData(false, true, "b")]
    [InlineData(false, false, "a")]
    public void Copies_should_copy_to_no_node_that_is_unreachable_or_leaves_or_shares_the_store(bool isLost, bool isLeaving, string store)
    {
        Node(B, isLeaving: isLeaving, store: store);
        Hold(A, Held);

        Assert.Empty(_copies.Copy(isLost ? [B] : []));
    }

    [Fact]
    public void Copies_should_have_a_node_without_free_room_get_what_has_too_many_calls_and_no_second_copy()
    {
        Node(B, free: 1);
        Hold(A, Held);

        Assert.Empty(_copies.Copy([]));
        Assert.Equal([null, null, B], Enumerable.Range(0, 3).Select(_ => Spread(Overfull)));
    }

    [Fact]
    public void Copies_should_copy_nothing_that_is_not_loaded_or_that_enough_stores_hold()
    {
        Hold(A, Held with { ReadyActors = 0 });
        Assert.Empty(_copies.Copy([]));

        Hold(A, Held);
        Hold(B, Held with { ReadyActors = 0 });
        Assert.Empty(_copies.Copy([]));
    }

    private void Node(Address node, int pending = 0, bool isLeaving = false, string? store = null, long free = 1 << 30) =>
        _nodes.Set(new NodeReport(
            new NodeInfo(node, store ?? node.Host, new Uri("http://a"), null, null, []), new NodeLoad(pending, free, isLeaving)));

    private static HeldVersion Version(int version, int ready) =>
        Held with { Version = version, Model = ModelId.Of([(byte)version]), ReadyActors = ready };

    private void Hold(Address node, params HeldVersion[] held)
    {
        _view.Set(new ModelReport("bert", node, [.. held], null));
        _view.Update();
    }

    /// <summary>The node that a version comes to after one more report of A.</summary>
    private Address? Spread(HeldVersion held)
    {
        Hold(A, held);
        return _copies.Spread(new ModelReport("bert", A, [held], null), []).Select(choice => choice.Node).SingleOrDefault();
    }
}
