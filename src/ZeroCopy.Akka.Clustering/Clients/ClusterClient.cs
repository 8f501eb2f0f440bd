using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using ZeroCopy.Clocks;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Clustering.Routes;
using ZeroCopy.Clustering.Wire;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Clustering.Clients;

/// <summary>
/// The models of a cluster for a process that is no member of it: its actor system needs remoting, and nothing else of ours. It finds the
/// nodes through its contacts and calls them directly, so it must reach every node at the address that the node has in the cluster, and be
/// reached by them. Calls go on by the routes that are known while there is no contact. Thread-safe.
/// </summary>
public sealed class ClusterClient : IEndpointDirectory, IDisposable
{
    private static long _clients;

    private readonly ActorSystem _system;
    private readonly ClusterClientOptions _options;
    private readonly RouteTable _table;
    private readonly ContactLink _contacts;
    private readonly NodeClients _nodes;
    private readonly ClusterDirectory _directory;
    private readonly List<IActorRef> _actors = [];

    private ClusterClient(ActorSystem system, ImmutableArray<Address> contacts, ClusterClientOptions options)
    {
        (_system, _options) = (system, options);
        ClusterSerializer.Register(system);
        var number = Interlocked.Increment(ref _clients);
        _table = new RouteTable(Start, Logging.GetLogger(system, typeof(ClusterClient)), "the client was closed");
        _contacts = new ContactLink(_table, contacts, options.ContactTimeout);
        _nodes = new NodeClients(system);
        _directory = new ClusterDirectory(
            new RouteContext
            {
                Self = null,
                Own = null,
                Table = _table,
                Clients = _nodes,
                Choice = new ReplicaChoice(null, _nodes.Outstanding, _nodes.IsDown),
            },
            StatusAsync);
        Start(ContactActor.Props(contacts, options.ContactTimeout, _contacts), "contacts");

        IActorRef Start(Props props, string name)
        {
            var actor = system.ActorOf(props, $"zerocopy-client-{number}-{name}");
            _actors.Add(actor);
            return actor;
        }
    }

    /// <summary>A route has come or changed.</summary>
    public event Action? Changed
    {
        add => _directory.Changed += value;
        remove => _directory.Changed -= value;
    }

    /// <summary>The node that is asked where models are; null while none answers.</summary>
    public Address? Contact => _contacts.Node?.Path.Address;

    /// <summary>Connects to a cluster through whichever of its nodes answers first.</summary>
    /// <param name="system">Of the caller; it stays the caller's.</param>
    /// <param name="contacts">
    /// Some nodes of the cluster, such as <c>10.0.0.7:4053</c> or <c>akka.tcp://zerocopy@10.0.0.7:4053</c>. When one is lost another is
    /// asked.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">
    /// A contact is no address, or <see cref="ClusterClientOptions.ContactTimeout"/> is not above zero.
    /// </exception>
    /// <exception cref="InferenceException">
    /// None of them answers in time: <see cref="InferenceFailure.Unreachable"/>; the message names all of them.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<ClusterClient> ConnectAsync(
        ActorSystem system, IEnumerable<string> contacts, ClusterClientOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(contacts);
        options ??= new ClusterClientOptions();
        if (!Durations.IsLimit(options.ContactTimeout))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.ContactTimeout, $"{nameof(ClusterClientOptions.ContactTimeout)} is to be above zero.");
        }

        var own = ((ExtendedActorSystem)system).Provider.DefaultAddress;
        if (!own.HasGlobalScope)
        {
            throw new ArgumentException(
                $"Actor system '{system.Name}' has no remoting; set akka.actor.provider = remote.", nameof(system));
        }

        var isEncrypted = own.Protocol.Contains(".ssl.", StringComparison.Ordinal);
        var client = new ClusterClient(system, ContactAddress.Parse(contacts, isEncrypted, options.SystemName), options);
        try
        {
            await client._contacts.NodeAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InferenceException">No contact answers.</exception>
    public async ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default)
    {
        using var late = new LimitSource(_options.ContactTimeout, TimeProvider.System);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await _directory.FindAsync(name, version, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InferenceException(
                InferenceFailure.Unreachable,
                $"The cluster has not said within {Durations.Text(_options.ContactTimeout)} where '{name}' is; asked through {Contact}.");
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InferenceException">No contact answers.</exception>
    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) =>
        _directory.ListAsync(cancellationToken);

    /// <summary>Members and models of the whole cluster.</summary>
    /// <exception cref="InferenceException">No contact answers.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<NodeReply.ClusterStatus> StatusAsync(CancellationToken cancellationToken = default)
    {
        var node = await _contacts.NodeAsync(cancellationToken).ConfigureAwait(false);
        return await new NodeClient(_system, node).StatusAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the calls that are under way and leaves the cluster.</summary>
    public void Dispose()
    {
        _table.Close();
        _contacts.OnStopped();
        foreach (var actor in _actors)
        {
            _system.Stop(actor);
        }

        _nodes.Dispose();
    }
}
