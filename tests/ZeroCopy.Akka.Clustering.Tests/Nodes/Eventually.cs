using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Clustering.Tests.Nodes;

/// <summary>Waits for what must come to be known in a cluster; only a failing spec waits long.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>The endpoint of a name, as soon as there is one.</summary>
    public static async Task<IModelEndpoint> FindAsync(IEndpointDirectory endpoints, string name, int? version = null)
    {
        IModelEndpoint? found = null;
        await TrueAsync(
            endpoints,
            async () => (found = await endpoints.FindAsync(name, version)) is not null,
            $"there is an endpoint {name}{(version is null ? "" : $"@{version}")}");
        return found!;
    }

    /// <summary>Waits until the entity of a name knows who has it, so that processes outside find it too.</summary>
    public static Task KnownAsync(TestNode node, string name) => TrueAsync(
        node.Cluster.Endpoints,
        async () => !(await node.Cluster.Node.Ask<ModelRoute>(new EntityRequest.Follow(name), Patience)).Replicas.IsEmpty,
        $"the cluster knows {name}");

    /// <summary>
    /// Waits until a condition holds, which is looked at when the endpoints of a directory change, and now and then: what it asks for may
    /// come behind the last change.
    /// </summary>
    public static async Task TrueAsync(IEndpointDirectory endpoints, Func<Task<bool>> condition, string what)
    {
        // Not disposed, since one more change may be on its way while the handler is taken off.
        var changed = new SemaphoreSlim(0);
        void Signal() => changed.Release();
        endpoints.Changed += Signal;
        try
        {
            var from = TimeProvider.System.GetTimestamp();
            while (!await condition())
            {
                Assert.True(TimeProvider.System.GetElapsedTime(from) < Patience, $"After {Patience} it is not so that {what}.");
                await changed.WaitAsync(Interval);
            }
        }
        finally
        {
            endpoints.Changed -= Signal;
        }
    }
}
