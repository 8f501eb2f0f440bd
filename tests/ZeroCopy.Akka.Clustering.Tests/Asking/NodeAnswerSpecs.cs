using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Asking;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Tests.Asking;

/// <summary>The test's actor is the node, and time passes as the spec wants.</summary>
public sealed class NodeAnswerSpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

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
}
