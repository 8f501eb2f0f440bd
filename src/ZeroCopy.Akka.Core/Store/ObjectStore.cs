using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>
/// The host's object store as this process sees it: blocks in memory-mapped segments, manifests and names, in one directory that all
/// processes of a user on the host share. Thread-safe. Needs no server: a model stays in the store when the process that put it ends.
/// </summary>
public sealed class ObjectStore : IDisposable
{
    /// <summary>
    /// Opens the store and makes its directory where it is missing; sweeps what dead processes left behind.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.StoreUnavailableException">The directory cannot be used; the message says why and what to do.</exception>
    public static ObjectStore Open(ObjectStoreOptions? options = null) => throw new NotImplementedException();

    /// <summary>The settings the store was opened with.</summary>
    public ObjectStoreOptions Options => throw new NotImplementedException();

    /// <summary>
    /// Writes the blocks that the store lacks, then the manifest, then the name. Nothing is visible before all of it is; a put that fails or
    /// is cancelled leaves nothing behind. Waits for room up to its deadline.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.StoreFullException">No room before the deadline.</exception>
    public Task<ModelHandle> PutAsync(
        ModelContent content, PutOptions? options = null, IProgress<PutProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Leases a model: it stays in the store and mapped until the lease is disposed. <paramref name="holder"/> is for people to read.</summary>
    /// <exception cref="ZeroCopy.Errors.ModelNotFoundException">No such model.</exception>
    public ModelLease Acquire(ModelId model, string holder) => throw new NotImplementedException();

    /// <summary>The model that a name points to; without a version, the newest.</summary>
    /// <exception cref="ZeroCopy.Errors.ModelNotFoundException">No such name.</exception>
    public ModelHandle Resolve(ModelName name) => throw new NotImplementedException();

    /// <summary>The handle of a model that is known by its id.</summary>
    public ModelHandle Resolve(ModelId model) => throw new NotImplementedException();

    /// <summary>Reads a model's manifest without leasing it.</summary>
    /// <exception cref="ZeroCopy.Errors.ModelNotFoundException">No such model.</exception>
    public Manifest ReadManifest(ModelId model) => throw new NotImplementedException();

    /// <summary>Points a name to a model; without a version it gets the next one. Returns the name with its version.</summary>
    public ModelName SetName(ModelName name, ModelId model) => throw new NotImplementedException();

    /// <summary>Keeps a model from being evicted, or no longer.</summary>
    public void SetPinned(ModelId model, bool pinned) => throw new NotImplementedException();

    /// <summary>
    /// Removes a name, and the model behind it when no other name points to it. Without a version: every version of the name.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.ModelInUseException">The model is leased, here or by another process; nothing was removed.</exception>
    public void Remove(ModelName name) => throw new NotImplementedException();

    /// <summary>Removes a model with all its names.</summary>
    /// <exception cref="ZeroCopy.Errors.ModelInUseException">The model is leased, here or by another process; nothing was removed.</exception>
    public void Remove(ModelId model) => throw new NotImplementedException();

    /// <summary>All models, by name, then by id.</summary>
    public IReadOnlyList<ModelInfo> List() => throw new NotImplementedException();

    /// <summary>Counts and sizes.</summary>
    public StoreStatistics GetStatistics() => throw new NotImplementedException();

    /// <summary>Hashes every block again.</summary>
    public Task<VerifyReport> VerifyAsync(IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>
    /// Deletes temporary files of dead processes and segments without live blocks, and repacks segments that are mostly dead.
    /// <paramref name="unnamed"/> also removes models that have no name, no pin and no lease.
    /// </summary>
    public Task<CollectReport> CollectAsync(bool unnamed = false, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Stops waiting puts and closes the store's files. Leases that are still held stay valid.</summary>
    public void Dispose() => throw new NotImplementedException();
}
