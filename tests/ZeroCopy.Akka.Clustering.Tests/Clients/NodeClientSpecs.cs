using Akka.Actor;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Tests.Clients;

public sealed class NodeClientSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task NodeClient_should_name_no_limit_that_has_not_passed()
    {
        using var system = ClientSystem.Start();
        var here = ((ExtendedActorSystem)system).Provider.DefaultAddress;

        var none = await Assert.ThrowsAsync<InferenceException>(() => NodeClient.ConnectAsync(system, here, Patience).WaitAsync(Patience));

        Assert.Equal($"No node of a cluster answers at {here}.", none.Message);
        await system.Terminate().WaitAsync(Patience);
    }
}
