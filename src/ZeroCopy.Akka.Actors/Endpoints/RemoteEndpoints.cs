using System.Collections.Immutable;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// Those of a node's endpoints that other processes may call: pools whose settings say so, and in a cluster every model of the store.
/// Thread-safe.
/// </summary>
internal sealed class RemoteEndpoints(IEndpointDirectory own) : IEndpointDirectory
{
    private volatile IEndpointDirectory? _cluster;

    /// <inheritdoc/>
    public event Action? Changed
    {
        add => own.Changed += value;
        remove => own.Changed -= value;
    }

    /// <summary>What this node and the others of its cluster can be called for; null where there is no cluster.</summary>
    public IEndpointDirectory? Cluster
    {
        get => _cluster;
        set => _cluster = value;
    }

    /// <inheritdoc/>
    public async ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default)
    {
        var found = await own.FindAsync(name, version, cancellationToken).ConfigureAwait(false);
        return MayBeCalled(found) ? found : null;
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default)
    {
        var listed = await own.ListAsync(cancellationToken).ConfigureAwait(false);
        return [.. listed.Where(MayBeCalled)];
    }

    private bool MayBeCalled(IModelEndpoint? endpoint) =>
        endpoint is IServedEndpoint served && (served.IsRemote || (_cluster is not null && !served.IsOfCode));
}
