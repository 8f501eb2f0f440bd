using System.Collections.Frozen;
using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Clustering.Tests.Routes;

public sealed class ReplicaChoiceSpecs
{
    private static readonly Replica A = new(Address.Parse("akka.tcp://zerocopy@a:1"), 1, EndpointState.Ready, 2, 0);
    private static readonly Replica B = A with { Node = Address.Parse("akka.tcp://zerocopy@b:1") };
    private static readonly Replica C = A with { Node = Address.Parse("akka.tcp://zerocopy@c:1") };

    private readonly Dictionary<Address, int> _outstanding = [];
    private readonly HashSet<Address> _unreachable = [];

    [Fact]
    public void ReplicaChoice_should_stay_in_this_process_while_it_is_not_busy()
    {
        Assert.Equal([B], Chosen(self: B));

        _outstanding[B.Node] = 3;
        Assert.Equal([A, C], Chosen(self: B).Except([B]).OrderBy(replica => replica.Node));
    }

    [Fact]
    public void ReplicaChoice_should_spread_calls_over_equal_replicas_and_spare_the_busy()
    {
        Assert.Equal([A, B, C], Chosen());

        // Chosen only where both of the two are it.
        _outstanding[A.Node] = 100;
        var calls = Enumerable.Range(0, 600).Select(_ => Choose()).ToArray();
        Assert.InRange(calls.Count(replica => replica == A), 0, 150);
    }

    [Fact]
    public void ReplicaChoice_should_leave_out_what_was_tried_and_what_is_not_reached()
    {
        _unreachable.Add(A.Node);

        Assert.Equal([B, C], Chosen());
        Assert.Equal([C], Chosen(null, B.Node));
    }

    [Fact]
    public void ReplicaChoice_should_rather_take_one_that_is_not_reached_than_none()
    {
        _unreachable.UnionWith([A.Node, B.Node, C.Node]);

        Assert.Equal([A, C], Chosen(null, B.Node));
        Assert.Null(Choose(null, A.Node, B.Node, C.Node));
    }

    private Replica[] Chosen(Replica? self = null, params Address[] tried) =>
        [.. Enumerable.Range(0, 200).Select(_ => Choose(self, tried)!).Distinct().OrderBy(replica => replica.Node)];

    private Replica? Choose(Replica? self = null, params Address[] tried) =>
        new ReplicaChoice(self?.Node, node => _outstanding.GetValueOrDefault(node), _unreachable.Contains)
            .Warm([A, B, C], tried.ToFrozenSet());
}
