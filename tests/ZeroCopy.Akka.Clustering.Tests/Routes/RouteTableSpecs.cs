using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Tests.Routes;

/// <summary>The test's actor is the entity of the name, and the way to it.</summary>
public sealed class RouteTableSpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ShorterThanForgotten = TimeSpan.FromMinutes(6);
    private static readonly Address Node = Address.Parse("akka.tcp://zerocopy@a:1");

    private readonly FakeTimeProvider _clock = new();
    private readonly RouteTable _table;

    public RouteTableSpecs()
        : base("akka { loglevel = OFF, actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }") =>
        _table = new RouteTable((props, name) => Sys.ActorOf(props, name), NoLogger.Instance, clock: _clock);

    /// <summary>The actor stops while the question is on its way to it, and never hears of it.</summary>
    [Fact]
    public async Task RouteTable_should_fail_what_its_actor_did_not_hear_before_it_stopped()
    {
        var table = new RouteTable((_, _) => ActorRefs.Nobody, NoLogger.Instance);
        var placing = table.PlaceAsync("model", null, [], CancellationToken.None);
        var route = table.GetAsync("model", CancellationToken.None);

        table.Close();

        foreach (var call in new Task[] { placing, route.AsTask() })
        {
            var ended = await Assert.ThrowsAsync<InferenceException>(() => call.WaitAsync(Patience));
            Assert.Equal(InferenceFailure.ShuttingDown, ended.Failure);
        }
    }

    [Fact]
    public async Task RouteTable_should_hear_of_a_change_whose_word_was_lost()
    {
        var entry = await FollowAsync(Route(1));
        var change = entry.ChangeOf(entry.Route!);

        _clock.Advance(TimeSpan.FromMinutes(1));
        await AnswerAsync(Route(2));

        await change.WaitAsync(Patience);
        Assert.Equal(2, entry.Route!.Current);
    }

    [Fact]
    public async Task RouteTable_should_put_a_route_together_that_comes_in_several_messages()
    {
        var (first, last) = (Route(1) with { HasMore = true }, Route(2) with { Part = 1 });
        _table.Start(TestActor);
        var coming = _table.GetAsync("model", CancellationToken.None).AsTask();
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);
        var entity = LastSender;

        // Neither a beginning that another one follows nor a rest without its beginning is a route.
        entity.Tell(last, TestActor);
        entity.Tell(Route(7) with { HasMore = true }, TestActor);
        entity.Tell(first, TestActor);
        entity.Tell(last, TestActor);

        Assert.Equal([1, 2], (await coming.WaitAsync(Patience)).Route!.Replicas.Select(replica => replica.Version));
    }

    [Fact]
    public async Task RouteTable_should_tell_of_changes_alone()
    {
        var entry = await FollowAsync(Route(1));
        var (known, changes) = (entry.Route, 0);
        _table.Changed += () => changes++;

        _clock.Advance(TimeSpan.FromMinutes(1));
        await AnswerAsync(Route(1));
        _clock.Advance(TimeSpan.FromMinutes(1));
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);

        Assert.Same(known, entry.Route);
        Assert.Equal(0, changes);
    }

    [Fact]
    public async Task RouteTable_should_fail_a_name_that_nobody_answers_for()
    {
        _table.Start(TestActor);
        var entry = _table.GetAsync("model", CancellationToken.None).AsTask();
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);

        _clock.Advance(2 * ShorterThanForgotten);

        var failed = await Assert.ThrowsAsync<InferenceException>(() => entry.WaitAsync(Patience));
        Assert.Equal(InferenceFailure.Unreachable, failed.Failure);
    }

    [Fact]
    public async Task RouteTable_should_fail_who_waits_for_an_entity_that_is_silent_however_often_it_is_asked_for()
    {
        _table.Start(TestActor);
        var entry = _table.GetAsync("model", CancellationToken.None).AsTask();
        var placing = _table.PlaceAsync("model", null, [], CancellationToken.None);
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);

        _clock.Advance(TimeSpan.FromMinutes(1.1));
        _table.Follow("model");

        foreach (var waiting in new Task[] { entry, placing })
        {
            var failed = await Assert.ThrowsAsync<InferenceException>(() => waiting.WaitAsync(Patience));
            Assert.Equal(InferenceFailure.Unreachable, failed.Failure);
        }
    }

    [Fact]
    public async Task RouteTable_should_go_on_where_its_actor_is_started_anew()
    {
        var entry = await FollowAsync(Route(1));
        var placing = _table.PlaceAsync("model", null, [], CancellationToken.None);
        await ExpectMsgAsync<EntityRequest.Place>(Patience);
        var change = entry.ChangeOf(entry.Route!);

        // No message that comes by the network has no name.
        LastSender.Tell(Route(1) with { Name = null! }, TestActor);

        await AnswerAsync(Route(2));
        await change.WaitAsync(Patience);
        var place = await ExpectMsgAsync<EntityRequest.Place>(Patience);
        LastSender.Tell(new EntityReply.Placed(Node, 2, place.Id), TestActor);
        Assert.Equal(2, (await placing.WaitAsync(Patience)).Version);
        Assert.Equal((false, 2), (entry.IsForgotten, entry.Route!.Current));
        Assert.False(_table.IsClosed);
    }

    [Fact]
    public async Task RouteTable_should_tell_an_entity_that_nobody_wants_its_name()
    {
        await FollowAsync(Route(1));

        LastSender.Tell(Route(1) with { Name = "forgotten" }, TestActor);

        await FishForMessageAsync<EntityRequest.Unfollow>(message => message.Name == "forgotten", Patience);
    }

    [Fact]
    public async Task RouteTable_should_forget_the_oldest_of_many_names_that_nobody_has()
    {
        var held = await FollowAsync(Route(1));
        var oldest = await UnknownAsync("oldest");
        _clock.Advance(TimeSpan.FromSeconds(1));
        for (var name = 0; name < RouteTableActor.MostEmpty; name++)
        {
            await UnknownAsync($"unknown-{name}");
        }

        var forgotten = await FishForMessageAsync<EntityRequest.Unfollow>(_ => true, Patience);

        Assert.Equal(("oldest", true, false), (forgotten.Name, oldest.IsForgotten, held.IsForgotten));

        async Task<RouteEntry> UnknownAsync(string name)
        {
            var coming = _table.GetAsync(name, CancellationToken.None);
            await AnswerAsync(new ModelRoute(name, null, null, 0, [], null));
            return await coming;
        }
    }

    [Fact]
    public async Task RouteTable_should_forget_what_nobody_could_be_asked_for()
    {
        var entry = _table.GetAsync("model", CancellationToken.None).AsTask();

        _clock.Advance(2 * ShorterThanForgotten);

        var failed = await Assert.ThrowsAsync<InferenceException>(() => entry.WaitAsync(Patience));
        Assert.Equal(InferenceFailure.Unreachable, failed.Failure);
    }

    [Fact]
    public async Task An_entry_should_keep_the_endpoints_of_the_versions_of_its_route_alone()
    {
        var entry = await FollowAsync(Route(1));
        var first = Endpoint(entry, 1);
        Assert.Same(first, Endpoint(entry, 1));
        Assert.NotSame(Endpoint(entry, 7), Endpoint(entry, 7));

        Assert.True(entry.Set(Route(2)));
        Assert.True(entry.Set(Route(1)));

        Assert.NotSame(first, Endpoint(entry, 1));
    }

    [Fact]
    public async Task An_endpoint_that_is_called_should_be_kept_current()
    {
        var endpoint = Endpoint(await FollowAsync(Route(1)));

        for (var time = 0; time < 3; time++)
        {
            _clock.Advance(ShorterThanForgotten);
            await AnswerAsync(Route(1));
            using var answer = await endpoint.CallAsync("", []);
        }
    }

    [Fact]
    public async Task An_endpoint_that_was_not_used_for_long_should_be_called_by_the_route_of_now()
    {
        var endpoint = Endpoint(await FollowAsync(Route(1)));
        _clock.Advance(2 * ShorterThanForgotten);
        await ExpectMsgAsync<EntityRequest.Unfollow>(Patience);

        var calling = endpoint.CallAsync("", []);
        await AnswerAsync(Route(2));

        using var answer = await calling.WaitAsync(Patience);
        Assert.Equal((2, 2), (answer.Version, endpoint.Version));
    }

    [Fact]
    public async Task An_endpoint_that_was_not_used_for_long_should_say_what_is_so_now()
    {
        var endpoint = Endpoint(await FollowAsync(Route(1)));
        _clock.Advance(2 * ShorterThanForgotten);
        await ExpectMsgAsync<EntityRequest.Unfollow>(Patience);

        // What it knew, and has the name followed again.
        Assert.Equal((1, EndpointState.Ready), (endpoint.Version, endpoint.State));
        await AnswerAsync(Route(2));

        await _table.GetAsync("model", CancellationToken.None).AsTask().WaitAsync(Patience);
        Assert.Equal(2, endpoint.Version);
    }

    [Fact]
    public async Task An_endpoint_should_try_a_call_elsewhere_that_was_not_sent_though_it_may_run_once_alone()
    {
        var lost = Address.Parse("akka.tcp://zerocopy@127.0.0.1:1");
        var endpoint = Endpoint(await FollowAsync(Route(1, lost)));

        var calling = endpoint.CallAsync("", [], new CallOptions { IsIdempotent = false });
        var place = await ExpectMsgAsync<EntityRequest.Place>(Patience);
        LastSender.Tell(new EntityReply.Placed(Node, 1, place.Id), TestActor);

        using var answer = await calling.WaitAsync(Patience);
        Assert.Equal([lost], place.Tried.AsEnumerable());
    }

    [Fact]
    public async Task An_endpoint_should_not_find_what_its_last_holder_has_lost_where_another_was_left_out_meanwhile()
    {
        var other = new Replica(Address.Parse("akka.tcp://zerocopy@a:2"), 1, EndpointState.Failed, 0, 0);
        var route = Route(1);
        var entry = await FollowAsync(route with { Replicas = route.Replicas.Add(other) });
        var follower = LastSender;
        var lost = new InferenceException(InferenceFailure.ModelNotFound, "It is being removed.");

        var calling = Endpoint(entry, 1, lost).CallAsync("", []);
        var place = await ExpectMsgAsync<EntityRequest.Place>(Patience);
        var change = entry.ChangeOf(entry.Route!);
        follower.Tell(route, TestActor);
        await change.WaitAsync(Patience);
        follower.Tell(new EntityReply.Failed(InferenceFailure.LoadFailed, "No further node can take it.", place.Id), TestActor);

        var failed = await Assert.ThrowsAsync<InferenceException>(() => calling.WaitAsync(Patience));
        Assert.Equal(InferenceFailure.ModelNotFound, failed.Failure);
    }

    [Fact]
    public async Task An_endpoint_should_leave_a_call_to_its_deadline_where_it_is()
    {
        var entry = await FollowAsync(Route(1));
        var late = new InferenceException(InferenceFailure.DeadlineExceeded, "It waited for its turn.");
        var answer = new TaskCompletionSource<ModelAnswer>();
        var given = CancellationToken.None;
        var own = new OwnEndpoint
        {
            OnCall = (options, token) =>
            {
                Assert.Equal(TimeSpan.FromSeconds(3), options?.Deadline);
                given = token;
                return answer.Task;
            },
        };
        using var caller = new CancellationTokenSource();

        var calling = Endpoint(entry, own: own, clock: _clock)
            .CallAsync("", [], new CallOptions { Deadline = TimeSpan.FromSeconds(3) }, caller.Token);
        _clock.Advance(TimeSpan.FromSeconds(4));

        // Cancelled, it would count as given up by its caller.
        Assert.Equal(caller.Token, given);
        answer.SetException(late);
        Assert.Same(late, await Assert.ThrowsAsync<InferenceException>(() => calling.WaitAsync(Patience)));
    }

    private static ModelRoute Route(int version, Address? node = null) =>
        new("model", version, null, 0, [new Replica(node ?? Node, version, EndpointState.Ready, 1, 0)], null);

    private async Task<RouteEntry> FollowAsync(ModelRoute route)
    {
        _table.Start(TestActor);
        var coming = _table.GetAsync(route.Name, CancellationToken.None);
        await AnswerAsync(route);
        return await coming;
    }

    private async Task AnswerAsync(ModelRoute route)
    {
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);
        LastSender.Tell(route, TestActor);
    }

    private ClusterEndpoint Endpoint(
        RouteEntry entry, int? of = null, Exception? failure = null, OwnEndpoint? own = null, TimeProvider? clock = null)
    {
        var clients = new NodeClients(Sys);
        var routes = new RouteContext
        {
            Self = Node,
            Own = own ?? new OwnEndpoint(failure: failure),
            Clock = clock ?? TimeProvider.System,
            Table = _table,
            Clients = clients,
            Choice = new ReplicaChoice(Node, clients.Outstanding, clients.IsDown),
        };
        return entry.Endpoint(of, (entry, version) => new ClusterEndpoint(entry, version, routes));
    }
}
