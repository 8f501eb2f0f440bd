using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Clustering.Tests.Asking;

/// <summary>The test's actor is the node, and time passes as the spec wants.</summary>
public sealed class NodeAnswerSpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly Address Node = Address.Parse("akka.tcp://zerocopy@10.0.0.7:4053");

    public NodeAnswerSpecs()
        : base(ConfigurationFactory.ParseString(
            "akka { loglevel = OFF, scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\" }"))
    {
    }

    [Fact]
    public async Task NodeAnswer_should_ask_again_where_an_entity_may_have_ended_without_a_word()
    {
        var request = new EntityRequest.RollOut("model", 2, 100, 7);
        var asking = NodeAnswer.AskAsync(Sys, TestActor, request, Timeout.InfiniteTimeSpan, CancellationToken.None);
        await ExpectMsgAsync(request, Patience);
        var sender = LastSender;

        ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(10));

        await ExpectMsgAsync(request, Patience);
        Assert.Equal(sender, LastSender);
        var answer = new EntityReply.Decided(2, 100, 7);
        sender.Tell(answer);
        Assert.Equal(answer, await asking.WaitAsync(Patience));
    }

    [Fact]
    public async Task NodeAnswer_should_put_a_route_together_that_comes_in_several_messages()
    {
        var asking = NodeAnswer.AskAsync(
            Sys, TestActor, new EntityRequest.Follow("model"), Timeout.InfiniteTimeSpan, CancellationToken.None);
        await ExpectMsgAsync<EntityRequest.Follow>(Patience);
        var replicas = Enumerable.Range(1, 2).Select(version => new Replica(Node, version, EndpointState.Ready, 0, 0)).ToArray();
        var route = new ModelRoute("model", 2, null, 0, [.. replicas], null);

        LastSender.Tell(route with { Replicas = [replicas[0]], HasMore = true });
        LastSender.Tell(route with { Replicas = [replicas[1]], Part = 1 });

        Assert.Equal(route, await asking.WaitAsync(Patience));
    }

    [Fact]
    public async Task NodeAnswer_should_put_the_report_of_a_name_together_that_comes_in_several_messages()
    {
        var asking = NodeAnswer.AskAsync(
            Sys, TestActor, new NodeQuery.Holdings(7), Timeout.InfiniteTimeSpan, CancellationToken.None);
        await ExpectMsgAsync<NodeQuery.Holdings>(Patience);
        var report = new NodeReport(
            new NodeInfo(Node, "store", new Uri("http://10.0.0.7:4054/"), null, null, []), new NodeLoad(0, 0, false));
        var (one, two) = (Part("one", 0, false), Part("two", 0, true));

        LastSender.Tell(new NodeReply.Holdings(report, [one, two], 7, HasMore: true));
        LastSender.Tell(new NodeReply.Holdings(report, [Part("two", 1, false), one with { Name = "three" }], 7));

        var models = Assert.IsType<NodeReply.Holdings>(await asking.WaitAsync(Patience)).Models;
        Assert.Equal([("one", 1), ("two", 2), ("three", 1)], models.Select(model => (model.Name, model.Versions.Length)));

        static ModelReport Part(string name, int number, bool hasMore) => new(
            name, Node, [new HeldVersion(number + 1, null, 1, null, true, EndpointState.Ready, 0, 0, null)], null, number, hasMore);
    }
}
