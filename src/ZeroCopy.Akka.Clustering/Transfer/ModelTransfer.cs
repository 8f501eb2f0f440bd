using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>Receives models from other nodes into a store. Thread-safe.</summary>
/// <param name="store">Where they go.</param>
/// <param name="client">For the requests; with the certificate that the nodes want. Its own time-out does not fit transfers: leave it
/// infinite.</param>
/// <param name="options">Null for the defaults.</param>
public sealed class ModelTransfer(ObjectStore store, HttpClient client, TransferOptions? options = null)
{
    private readonly TransferOptions _options = options ?? new TransferOptions();
    private readonly SemaphoreSlim _receives = new((options ?? new TransferOptions()).MaxReceives);

    /// <summary>
    /// Receives a model from nodes that hold it, from several at once, each as fast as it sends. Nothing moves that the store holds
    /// already, and nothing is visible before all of it is there.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="nodes">Where it is, such as <c>http://10.0.0.7:4055</c>; at least one.</param>
    /// <param name="put">Name and pin; null for none.</param>
    /// <param name="progress">Told of bytes as they are written.</param>
    /// <param name="cancellationToken">Gives the transfer up.</param>
    /// <exception cref="TransferException">No node has it, or none of them sent it whole.</exception>
    /// <exception cref="StoreFullException">There is no room for it here.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the store was disposed meanwhile.</exception>
    public async Task<ReceivedModel> ReceiveAsync(
        ModelId model, IReadOnlyCollection<Uri> nodes, PutOptions? put = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        if (nodes.Count == 0)
        {
            throw new ArgumentException("A model is received from one node at least.", nameof(nodes));
        }

        var sources = nodes.Select(node => new TransferSource(client, node, model, _options)).ToArray();
        await _receives.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var offer = await OfferAsync(model, sources, cancellationToken).ConfigureAwait(false);
            var blocks = new NodesBlocks(
                offer.Manifest, sources, node => new TransferSource(client, node, model, _options, isPeer: true), _options);
            return await store.ReceiveAsync(offer, blocks, put, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _receives.Release();
        }
    }

    // The first one that answers: all have the same manifest, of which the id is the hash.
    private static async Task<ModelOffer> OfferAsync(ModelId model, TransferSource[] sources, CancellationToken cancellationToken)
    {
        foreach (var source in sources)
        {
            try
            {
                return await source.OfferAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SourceException or InvalidModelException)
            {
                source.Drop(e.Message);
            }
        }

        throw TransferException.Of(model, sources);
    }
}
