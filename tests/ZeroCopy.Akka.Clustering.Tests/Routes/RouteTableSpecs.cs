using Akka.Actor;
using Akka.Event;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Tests.Routes;

public sealed class RouteTableSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

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
}
