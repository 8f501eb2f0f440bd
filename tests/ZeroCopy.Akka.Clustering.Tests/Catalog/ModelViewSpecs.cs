using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Catalog;

public sealed class ModelViewSpecs
{
    private static readonly Address A = Address.Parse("akka.tcp://zerocopy@a:1");
    private static readonly Address B = Address.Parse("akka.tcp://zerocopy@b:1");
    private static readonly Address C = Address.Parse("akka.tcp://zerocopy@c:1");

    private readonly ModelView _view = new("bert");

    [Fact]
    public void ModelView_should_have_the_newest_version_as_current_where_none_is_warm()
    {
        Report(A, Cold(1), Cold(2));
        Report(B, Cold(3));

        Assert.Equal((3, (int?)null), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_keep_a_warm_version_until_a_newer_one_is_as_warm()
    {
        Report(A, Warm(1));
        Report(B, Warm(1));

        Report(A, Warm(1), Cold(2));
        Assert.Equal((1, 2), (_view.Current, _view.Coming));

        Report(A, Warm(1), Warm(2));
        Assert.Equal((1, 2), (_view.Current, _view.Coming));

        Report(B, Warm(1), Warm(2));
        Assert.Equal((2, (int?)null), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_begin_with_what_is_warm()
    {
        _view.Set(new ModelReport("bert", A, [Cold(3)], null));
        _view.Set(new ModelReport("bert", B, [Warm(1)], null));
        _view.Update();

        Assert.Equal((1, 3), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_not_make_current_what_no_node_can_build()
    {
        Report(A, Cold(1), Cold(2) with { CanBuild = false });

        Assert.Equal(1, _view.Current);
    }

    [Fact]
    public void ModelView_should_say_who_holds_what_no_node_can_build()
    {
        Report(A, Cold(1) with { CanBuild = false });

        var route = _view.ToRoute();

        Assert.Empty(route.Replicas);
        Assert.Contains(A.ToString(), route.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelView_should_return_to_what_is_left_when_a_node_is_lost()
    {
        Report(A, Warm(1));
        Report(B, Cold(2));
        Report(B, Warm(1), Warm(2));
        Report(A, Warm(1), Warm(2));

        _view.Remove(B);
        Report(A, Warm(1));

        Assert.Equal(1, _view.Current);
        Assert.Equal([A], _view.ToRoute().Replicas.Select(replica => replica.Node));
    }

    [Fact]
    public void ModelView_should_serve_the_first_of_two_models_that_are_called_alike()
    {
        Report(A, Warm(1));
        Report(B, Cold(1) with { Model = ModelId.Of([9]) });

        Assert.Equal([A], _view.ToRoute().Replicas.Select(replica => replica.Node));
        Assert.Equal(Cold(1).Model, _view.ModelOf(1));
        Assert.Equal([(B, true)], _view.All().Where(at => at.IsOther).Select(at => (at.Node, at.IsOther)));

        Report(A);
        Assert.Equal([B], _view.ToRoute().Replicas.Select(replica => replica.Node));
    }

    [Fact]
    public void ModelView_should_find_the_same_of_two_models_that_are_called_alike_in_any_order()
    {
        var other = ModelId.Of([9]);
        (HeldVersion A, HeldVersion B, ModelId Served)[] cases =
        [
            (Cold(1), Cold(1) with { Model = other }, new[] { Cold(1).Model!.Value, other }.Min()),
            (Cold(1), Warm(1) with { Model = other }, other),
            (Warm(1), Cold(1) with { Model = other }, Cold(1).Model!.Value),
            (Warm(1) with { CanBuild = false }, Cold(1) with { Model = other }, other),
        ];
        foreach (var (a, b, served) in cases)
        {
            ModelReport[] reports = [new("bert", A, [a], null), new("bert", B, [b], null)];
            foreach (var order in new[] { reports, [.. reports.Reverse()] })
            {
                var view = new ModelView("bert");
                Array.ForEach(order, view.Set);
                view.Update();

                Assert.Equal(served, view.ModelOf(1));
            }
        }
    }

    [Fact]
    public void ModelView_should_prefer_the_model_that_more_nodes_hold_where_none_is_loaded()
    {
        foreach (var rare in new[] { Cold(1).Model, ModelId.Of([9]) })
        {
            var common = new[] { Cold(1).Model, ModelId.Of([9]) }.Single(model => model != rare);
            var view = new ModelView("bert");
            view.Set(new ModelReport("bert", A, [Cold(1) with { Model = rare }], null));
            view.Set(new ModelReport("bert", B, [Cold(1) with { Model = common }], null));
            view.Set(new ModelReport("bert", C, [Cold(1) with { Model = common }], null));
            view.Update();

            Assert.Equal(common, view.ModelOf(1));
        }
    }

    [Fact]
    public void ModelView_should_serve_what_it_served_when_another_model_is_called_alike_at_more_nodes()
    {
        foreach (var first in new[] { Cold(1).Model, ModelId.Of([9]) })
        {
            var later = new[] { Cold(1).Model, ModelId.Of([9]) }.Single(model => model != first);
            var view = new ModelView("bert");
            view.Set(new ModelReport("bert", B, [Cold(1) with { Model = first }], null));
            view.Update();
            view.Set(new ModelReport("bert", A, [Warm(1) with { Model = later }], null));
            view.Set(new ModelReport("bert", C, [Warm(1) with { Model = later }], null));
            view.Update();

            Assert.Equal(first, view.ModelOf(1));
        }
    }

    [Fact]
    public void ModelView_should_pin_what_was_rolled_out_when_it_is_as_warm()
    {
        Report(A, Warm(1), Cold(2), Cold(3));
        Decide(2, 100, 1);
        Assert.Equal((1, 2), (_view.Current, _view.Coming));

        Report(A, Warm(1), Warm(2), Warm(3));
        Assert.Equal((2, (int?)null), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_give_a_share_of_the_calls_to_what_is_rolled_out_by_percentage()
    {
        Report(A, Warm(1), Cold(2));
        Decide(2, 10, 1);
        Assert.Equal((1, null, 0, 2), (_view.ToRoute().Current, _view.ToRoute().Next, _view.ToRoute().Percent, _view.Coming));

        Report(A, Warm(1), Warm(2));
        Assert.Equal((1, 2, 10), (_view.ToRoute().Current, _view.ToRoute().Next, _view.ToRoute().Percent));
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(100, 3)]
    public void ModelView_should_return_to_the_version_with_the_rest_where_what_had_a_share_is_removed(int percent, int current)
    {
        Report(A, Warm(1), Warm(2), Cold(3));
        Decide(2, percent, 1);

        Report(A, Warm(1), Warm(3));

        Assert.Equal((current, (int?)null), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_learn_of_a_roll_out_from_the_nodes_the_latest_first()
    {
        _view.Set(new ModelReport("bert", A, [Warm(1), Warm(2)], new Rollout(1, 100, 2, 5)));
        _view.Set(new ModelReport("bert", B, [Warm(1), Warm(2)], new Rollout(2, 100, 1, 4)));
        _view.Update();

        Assert.Equal(1, _view.Current);
        Assert.Equal(5, _view.Rollout?.Epoch);
    }

    [Fact]
    public void ModelView_should_put_a_decision_behind_the_last_one_where_clocks_differ()
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        Assert.Equal(now.ToUnixTimeMilliseconds(), _view.NextEpoch(now));
        var ahead = now.AddHours(1).ToUnixTimeMilliseconds();

        _view.Set(new ModelReport("bert", A, [Warm(1), Warm(2)], new Rollout(1, 100, 2, ahead)));

        Assert.Equal(ahead + 1, _view.NextEpoch(now));
    }

    [Fact]
    public void ModelView_should_begin_with_what_most_nodes_have_loaded_where_the_newest_is_on_its_way()
    {
        foreach (var (node, newest) in new[] { (A, Warm(2)), (B, Cold(2)) })
        {
            _view.Set(new ModelReport("bert", node, [Warm(1), newest], null));
        }

        _view.Update();

        Assert.Equal((1, 2), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_begin_with_what_was_rolled_out_wherever_others_are_loaded()
    {
        _view.Set(new ModelReport("bert", A, [Warm(1), Cold(2)], new Rollout(1, 100, 2, 5)));
        _view.Set(new ModelReport("bert", B, [Cold(1), Warm(2)], null));
        _view.Update();

        Assert.Equal(1, _view.Current);
    }

    [Fact]
    public void ModelView_should_keep_a_version_that_has_cooled_down_where_no_node_could_load_the_newest()
    {
        Report(A, Warm(1), Failed(2));
        Report(A, Cold(1), Failed(2));

        Assert.Equal((1, 2), (_view.Current, _view.Coming));

        // Another node has not tried it.
        Report(B, Cold(2));
        Assert.Equal((2, (int?)null), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_return_to_a_version_that_can_be_loaded_when_the_newest_was_tried_for_the_first_time()
    {
        Report(A, Cold(1), Cold(2));
        Assert.Equal(2, _view.Current);

        Report(A, Cold(1), Failed(2));
        Assert.Equal((1, 2), (_view.Current, _view.Coming));

        Report(A, Failed(1), Failed(2));
        Assert.Equal((1, 2), (_view.Current, _view.Coming));
    }

    [Fact]
    public void ModelView_should_keep_a_version_that_fails_where_it_was_decided_on_or_is_all_there_is()
    {
        Report(A, Failed(2));
        Assert.Equal(2, _view.Current);

        Decide(2, 100, 1);
        Report(A, Cold(1), Failed(2));
        Assert.Equal(2, _view.Current);
    }

    private void Report(Address node, params HeldVersion[] versions)
    {
        _view.Set(new ModelReport("bert", node, [.. versions], null));
        _view.Update();
    }

    private void Decide(int version, int percent, int before)
    {
        _view.Decide(new Rollout(version, percent, before, 1));
        _view.Update();
    }

    private static HeldVersion Cold(int version) =>
        new(version, ModelId.Of([(byte)version]), 100, null, true, EndpointState.Ready, 0, 0, null);

    private static HeldVersion Failed(int version) => Cold(version) with { State = EndpointState.Failed, LastError = "It is broken." };

    private static HeldVersion Warm(int version) => Cold(version) with { ReadyActors = 2 };
}
