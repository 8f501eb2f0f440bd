using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Models;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Models;

public sealed class PlacementSpecs
{
    private static readonly Address A = Address.Parse("akka.tcp://zerocopy@a:1");
    private static readonly Address B = Address.Parse("akka.tcp://zerocopy@b:1");
    private static readonly Address C = Address.Parse("akka.tcp://zerocopy@c:1");
    private static readonly HeldVersion Held = new(1, ModelId.Of([1]), 100 << 20, null, true, EndpointState.Ready, 0, 0, null);

    private readonly NodeTable _nodes = new();
    private readonly ModelView _view = new("bert");
    private readonly Placement _placement;

    public PlacementSpecs() => _placement = new Placement(_nodes, new Random(1));

    [Fact]
    public void Placement_should_prefer_the_node_that_holds_the_model()
    {
        Node(A);
        Node(B);
        Hold(B, Held);

        Assert.Equal((B, true), Chosen());
    }

    [Fact]
    public void Placement_should_have_the_holder_of_a_small_model_load_it()
    {
        Node(A);
        Node(B);
        Node(C);
        Hold(B, Held with { Bytes = 1 << 10 });

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal((B, true), Chosen()));
    }

    [Fact]
    public void Placement_should_count_the_load_where_the_model_moves_away_from_a_node_that_has_it_loaded()
    {
        Node(A, load: 1e6);
        Node(B, pending: 1000);
        Hold(B, Held with { ReadyActors = 1 });

        Assert.Equal((B, true), Chosen());
    }

    [Fact]
    public void Placement_should_move_a_model_from_a_node_that_is_far_busier_than_the_move_takes()
    {
        Node(A);
        Node(B, pending: 1000);
        Hold(B, Held);

        Assert.Equal((A, false), Chosen());
    }

    [Fact]
    public void Placement_should_choose_any_of_equal_nodes()
    {
        Node(A);
        Node(B);
        Hold(A, Held);
        Hold(B, Held);

        var chosen = Enumerable.Range(0, 100).Select(_ => Chosen()!.Value.Node).ToHashSet();

        Assert.Equal([A, B], chosen.Order());
    }

    [Fact]
    public void Placement_should_leave_out_nodes_that_leave_or_that_cannot_build_it()
    {
        Node(A);
        Node(B, leaving: true);
        Node(C);
        Hold(B, Held with { ModelType = "own" });

        Assert.Null(Chosen());
    }

    [Fact]
    public void Placement_should_take_a_node_without_free_room_where_there_is_no_other()
    {
        Node(A, free: 1);
        Node(B, pending: 1000);
        Node(C);
        Hold(C, Held with { CanBuild = false });

        Assert.Equal((B, false), Chosen());
        Assert.Equal((A, false), Chosen(B, C));
        Assert.Null(_placement.Choose(_view, 1, new HashSet<Address> { B, C }, mayEvict: false));
    }

    [Fact]
    public void Placement_should_take_a_node_whose_store_holds_the_model_as_one_without_a_move()
    {
        Node(A, store: "shared", free: 0);
        Node(B, store: "shared", pending: 1000);
        Hold(B, Held);

        Assert.Equal((A, false), Chosen());
    }

    [Fact]
    public void Placement_should_take_the_node_that_received_and_loaded_models_faster()
    {
        Node(A, receive: 10e6);
        Node(B, receive: 2e9);
        Node(C, pending: 10_000);
        Hold(C, Held);

        Assert.Equal((B, false), Chosen());

        Node(A, load: 1e6);
        Node(B, load: 1e9);
        Hold(A, Held);
        Hold(B, Held);
        Assert.Equal((B, true), Chosen());
    }

    [Fact]
    public void Placement_should_leave_out_nodes_that_failed()
    {
        Node(A);
        Hold(A, Held);

        Assert.Null(Chosen(A));
    }

    [Fact]
    public void Placement_should_take_a_node_that_could_not_load_it_where_there_is_no_other()
    {
        Node(A);
        Hold(A, Held with { State = EndpointState.Failed });

        Assert.Equal((A, true), Chosen());
        Assert.Null(Chosen(A));

        Node(B);
        Assert.Equal((B, false), Chosen());
    }

    private void Node(
        Address node, int pending = 0, long free = 1L << 40, bool leaving = false, string? store = null, double receive = 0,
        double load = 0) => _nodes.Set(new NodeReport(
            new NodeInfo(node, store ?? node.ToString(), new Uri("http://a"), null, null, []),
            new NodeLoad(pending, free, leaving, receive, load)));

    private void Hold(Address node, HeldVersion held) => _view.Set(new ModelReport("bert", node, [held], null));

    private (Address Node, bool IsThere)? Chosen(params Address[] excluded) =>
        _placement.Choose(_view, 1, excluded.ToHashSet()) is { } choice ? (choice.Node, choice.IsThere) : null;
}
