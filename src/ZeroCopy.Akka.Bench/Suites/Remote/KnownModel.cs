using ZeroCopy.Clustering.Clients;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Bench.Suites.Remote;

/// <summary>Models as a client comes to know of them.</summary>
internal static class KnownModel
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>The endpoint of a model that a node has announced, or is about to.</summary>
    /// <exception cref="TimeoutException">None has.</exception>
    public static async Task<IModelEndpoint> FindAsync(ClusterClient client, string model, CancellationToken cancellationToken)
    {
        var known = new TaskCompletionSource<IModelEndpoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look() => _ = Task.Run(async () =>
        {
            if (await client.FindAsync(model, cancellationToken: cancellationToken).ConfigureAwait(false)
                is { State: not EndpointState.Failed } found)
            {
                known.TrySetResult(found);
            }
        }, cancellationToken);
        client.Changed += Look;
        try
        {
            Look();
            return await known.Task.WaitAsync(Limit, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            client.Changed -= Look;
        }
    }
}
