using System.Diagnostics;
using Akka.Event;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Bench.Suites.Transfer;

/// <summary>A store whose models others get, and which gets theirs. Its disposal ends both, and deletes what it made.</summary>
internal sealed class TransferNode : IAsyncDisposable
{
    private readonly TransferListener _listener;
    private readonly CountingHandler _handler = new();
    private readonly HttpClient _client;
    private readonly string? _folder;

    private TransferNode(ObjectStore store, TransferListener listener, string? folder)
    {
        Store = store;
        _listener = listener;
        _folder = folder;
        _client = new HttpClient(_handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public ObjectStore Store { get; }

    /// <summary>A node of a store, which outlives it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="rate">Bytes a second that it sends at most; 0 for no limit.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<TransferNode> StartAsync(ObjectStore store, long rate = 0, CancellationToken cancellationToken = default) =>
        new(store, await ListenAsync(store, rate, cancellationToken).ConfigureAwait(false), null);

    /// <summary>A node with a store of its own.</summary>
    public static async Task<TransferNode> StartAsync(
        ScratchDirectory directory, string name, long rate = 0, CancellationToken cancellationToken = default)
    {
        var folder = directory.Path(name);
        var store = ObjectStore.Open(new ObjectStoreOptions { Directory = folder });
        return new TransferNode(store, await ListenAsync(store, rate, cancellationToken).ConfigureAwait(false), folder);
    }

    /// <summary>Receives a model, and tells how long that took.</summary>
    /// <param name="model">The model.</param>
    /// <param name="source">Who has it.</param>
    /// <param name="isPeer">Whether others that receive it at the same time get blocks of it here.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<(ReceivedModel Received, TimeSpan Time)> ReceiveAsync(
        ModelId model, TransferNode source, bool isPeer, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var transfer = new ModelTransfer(Store, _client, new TransferOptions { Address = isPeer ? _listener.Address : null });
        var received = await transfer.ReceiveAsync(model, [source._listener.Address], cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return (received, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Bytes of answers that this node has got from another one.</summary>
    public long BytesFrom(TransferNode source) => _handler.BytesFrom(source._listener.Address);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _listener.DisposeAsync().ConfigureAwait(false);
        if (_folder is not null)
        {
            Store.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static Task<TransferListener> ListenAsync(ObjectStore store, long rate, CancellationToken cancellationToken) =>
        TransferListener.StartAsync(
            store, new ClusterSettings { Transfer = new TransferSettings { Rate = rate } }, null, NoLogger.Instance, cancellationToken);
}
