using System.Collections.Immutable;
using Akka.Event;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// What an actor system can be called for: what it has itself, and from when it joins a cluster on what all nodes have. Those who got it
/// before need not ask again. Thread-safe.
/// </summary>
internal sealed class SystemEndpoints : IEndpointDirectory
{
    private readonly ILoggingAdapter _log;
    private volatile IEndpointDirectory _all;

    public SystemEndpoints(IEndpointDirectory own, ILoggingAdapter log)
    {
        _log = log;
        _all = own;
        own.Changed += Raise;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>From now on these, which have the system's own among them.</summary>
    public void Join(IEndpointDirectory cluster)
    {
        _all.Changed -= Raise;
        _all = cluster;
        cluster.Changed += Raise;
        Raise();
    }

    /// <inheritdoc/>
    public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
        _all.FindAsync(name, version, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) =>
        _all.ListAsync(cancellationToken);

    private void Raise() => ChangeEvent.Raise(Changed, _log);
}
