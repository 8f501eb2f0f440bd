using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Batch;

/// <summary>A pool on a model of the store, or a model of a cluster, for one job.</summary>
internal sealed class BatchModel : IAsyncDisposable
{
    private readonly IAsyncDisposable _owner;

    private BatchModel(IAsyncDisposable owner, IModelEndpoint endpoint, string id)
    {
        _owner = owner;
        Endpoint = endpoint;
        Id = id;
    }

    public IModelEndpoint Endpoint { get; }

    /// <summary>The id of the model.</summary>
    public string Id { get; }

    /// <summary>Starts the actors, and waits until one of them has the model.</summary>
    /// <exception cref="RecipeUnavailableException">The model is weights alone, or its type is not known here.</exception>
    /// <exception cref="InferenceException">No actor could load it.</exception>
    public static async Task<BatchModel> OpenAsync(CommandContext context, string name, int actors, CancellationToken cancellationToken)
    {
        var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = context.ExistingStore(), Catalog = NodeRuntime.Catalog(context) });
        try
        {
            var handle = CommandContext.Resolve(host.Store, name);
            if (host.Store.ReadManifest(handle.Id).Recipe is Recipe.Weights)
            {
                throw new RecipeUnavailableException($"{handle} holds weights alone, so nothing here can build the module that runs them.");
            }

            // Calls are never joined and an operation has one thread, so that an answer depends on its batch alone. The pool is called as a
            // node's is.
            var pool = await host.Actors.CreatePoolAsync(
                handle.Name?.Name ?? handle.ToString(), host.Runtime.OpenAny(handle), host.Runtime.BinderOf(handle),
                settings => settings with { Size = actors, Threads = 1, Batching = null, Deadline = null }).ConfigureAwait(false);
            var endpoint = await host.Endpoints.FindAsync(pool.Name, null, cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The pool is not among the endpoints.");
            // The actors load in the background.
            await pool.WhenDecidedAsync(cancellationToken).ConfigureAwait(false);
            if (endpoint.State != EndpointState.Ready)
            {
                throw new InferenceException(
                    InferenceFailure.LoadFailed, $"{handle} could not be loaded: {endpoint.LastError}", pool.LastLoadError);
            }

            return new BatchModel(host, endpoint, handle.Id.ToString());
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// A model of a cluster: called through the node where the command names one; where it names several, each node that has the model is
    /// called itself, also when some of them are lost.
    /// </summary>
    public static async Task<BatchModel> ConnectAsync(CommandContext context, ModelName name, CancellationToken cancellationToken)
    {
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        try
        {
            // A job is of one version, also where another one becomes current meanwhile.
            var model = RemoteModels.Find(await connection.Node.StatusAsync(cancellationToken).ConfigureAwait(false), name);
            var endpoint = context.Nodes.Count > 1
                ? await FindAsync(connection, context.Nodes, model, cancellationToken).ConfigureAwait(false)
                : (await connection.CallsAsync(cancellationToken).ConfigureAwait(false)).Endpoint(model.Name, model.Version);
            return new BatchModel(connection, endpoint, model.Model?.ToString() ?? RemoteModels.Text(model));
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask DisposeAsync() => _owner.DisposeAsync();

    private static async Task<IModelEndpoint> FindAsync(
        NodeConnection connection, IReadOnlyList<string> nodes, ModelStatus model, CancellationToken cancellationToken)
    {
        var client = await ClusterClient.ConnectAsync(connection.System, nodes, cancellationToken: cancellationToken).ConfigureAwait(false);
        return await client.FindAsync(model.Name, model.Version, cancellationToken).ConfigureAwait(false)
            ?? throw new ModelNotFoundException($"No node of the cluster holds {RemoteModels.Text(model)} any more.");
    }
}
