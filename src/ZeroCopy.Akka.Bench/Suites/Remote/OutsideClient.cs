using Akka.Actor;
using ZeroCopy.Clustering.Clients;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>A client of a cluster in this process, outside of it, with an actor system of its own. Its disposal ends both.</summary>
internal sealed class OutsideClient : IAsyncDisposable
{
    private OutsideClient(ActorSystem system, ClusterClient client) => (System, Client) = (system, client);

    public ActorSystem System { get; }

    public ClusterClient Client { get; }

    /// <param name="contacts">Some nodes of the cluster.</param>
    /// <param name="frame">Bytes of remoting's frames.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<OutsideClient> ConnectAsync(
        IEnumerable<string> contacts, int frame, CancellationToken cancellationToken)
    {
        var system = ActorSystem.Create("bench", NodeProcess.Hocon("remote", frame));
        try
        {
            return new OutsideClient(
                system, await ClusterClient.ConnectAsync(system, contacts, cancellationToken: cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await system.Terminate().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await System.Terminate().ConfigureAwait(false);
    }
}
