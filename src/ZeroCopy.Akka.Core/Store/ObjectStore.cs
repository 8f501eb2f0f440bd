using System.Collections.Concurrent;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;
using ZeroCopy.Store.Files;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Store;

/// <summary>
/// The host's object store as this process sees it: blocks in memory-mapped segments, manifests and names, in one directory that all
/// processes of a user on the host share. Thread-safe. Needs no server: a model stays in the store when the process that put it ends.
/// </summary>
public sealed class ObjectStore : IDisposable
{
    private readonly StoreCatalog _catalog;
    private readonly Generation _generation;
    private readonly StoreLock _lock;
    private readonly LeaseLedger _leases = new();
    private readonly WaitingPuts _waiting;
    private readonly Capacity _capacity;
    private readonly Reclaimer _reclaimer;
    private readonly Remover _remover;
    private readonly ConcurrentDictionary<ModelId, ArrivingModel> _arriving = new();
    private readonly ConcurrentDictionary<ModelId, TaskCompletionSource> _receiving = new();
    private readonly CancellationTokenSource _closing = new();
    private int _disposed;

    private ObjectStore(ObjectStoreOptions options, StoreDirectory directory)
    {
        Options = options;
        _generation = new Generation(directory.GenerationFile);
        _lock = new StoreLock(directory, _generation);
        Id = directory.Id;
        _catalog = new StoreCatalog(directory, _generation, _lock);
        _waiting = new WaitingPuts(options.TimeProvider);
        _capacity = new Capacity(_catalog, options);
        _reclaimer = new Reclaimer(_catalog, _leases, options.Log ?? (_ => { }));
        _remover = new Remover(_catalog, _leases, _reclaimer);
        MappingRegistry.Unmapped += _waiting.Signal;
    }

    /// <summary>
    /// Opens the store and makes its directory where it is missing or empty; sweeps what dead processes left behind, but for what they
    /// received of models within the hour.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The directory cannot be used; the message says why and what to do.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of versions to keep is negative.</exception>
    public static ObjectStore Open(ObjectStoreOptions? options = null)
    {
        options ??= new ObjectStoreOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.KeepVersions, nameof(ObjectStoreOptions.KeepVersions));
        var directory = StoreDirectory.Prepare(options.Directory);
        var store = new ObjectStore(options, directory);
        try
        {
            store.Sweep();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Whether a directory is a store.</summary>
    internal static bool IsIn(string directory) => StoreDirectory.Exists(directory);

    /// <summary>
    /// Name of the store's directory: the same for every process that uses it, on whatever path, and no other's.
    /// </summary>
    public string Id { get; }

    /// <summary>The settings the store was opened with.</summary>
    public ObjectStoreOptions Options { get; }

    /// <summary>
    /// Writes the blocks that the store lacks, then the manifest, then the name. Nothing is visible before all of it is; a put that fails
    /// or is cancelled leaves nothing behind. Waits for room up to its deadline.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of versions to keep is negative.</exception>
    /// <exception cref="StoreFullException">No room before the deadline.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the store was disposed meanwhile.</exception>
    public Task<ModelHandle> PutAsync(
        ModelContent content, PutOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        PutAsync(content, options, progress, committed: null, cancellationToken);

    /// <summary>
    /// Puts a model as <see cref="PutAsync(ModelContent, PutOptions, IProgress{PutProgress}, CancellationToken)"/> does and leases it in
    /// the same step: no put of another process, under the same name or for want of room, removes it before its first use. The caller
    /// disposes the lease, whose <see cref="ModelLease.Handle"/> has the name that the model got. <paramref name="holder"/> is for people
    /// to read.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of versions to keep is negative.</exception>
    /// <exception cref="StoreFullException">No room before the deadline.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the store was disposed meanwhile.</exception>
    public async Task<ModelLease> PutAndAcquireAsync(
        ModelContent content, string holder, PutOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ModelLease? lease = null;
        await PutAsync(content, options, progress, handle => lease = Lease(Resident(handle.Id), handle, holder), cancellationToken)
            .ConfigureAwait(false);
        return lease!;
    }

    /// <summary>
    /// Puts a model that another store holds: writes the blocks that this one lacks from <paramref name="source"/>, straight into a
    /// segment, each checked against its hash before anything is visible; then the manifest, then the name. Room, deadline and what is left
    /// behind are those of a put. Waits where the same model is received already, and takes then what that one left.
    /// </summary>
    /// <param name="offer">The model.</param>
    /// <param name="source">Where its blocks come from; not asked for anything that is here already.</param>
    /// <param name="options">Name and pin; null for none.</param>
    /// <param name="progress">Told of bytes as they are written; none are hashed apart.</param>
    /// <param name="cancellationToken">Gives the receive up.</param>
    /// <exception cref="InvalidModelException">The source ended without a block.</exception>
    /// <exception cref="StoreFullException">No room before the deadline.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the store was disposed meanwhile.</exception>
    public async Task<ReceivedModel> ReceiveAsync(
        ModelOffer offer, IBlockSource source, PutOptions? options = null, IProgress<PutProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(offer);
        ArgumentNullException.ThrowIfNull(source);
        var plan = new ReceivePlan(offer, source, _arriving);
        var handle = await PutAsync(ReceiveAsync, options, committed: null, cancellationToken).ConfigureAwait(false);
        return new ReceivedModel(handle, plan.Moved);

        async Task<ModelHandle> ReceiveAsync(PutOperation put, CancellationToken token)
        {
            var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            while (_receiving.GetOrAdd(offer.Manifest.Id, received) is var other && other != received)
            {
                // The same blocks, and the room for them, are not wanted twice.
                await other.Task.WaitAsync(token).ConfigureAwait(false);
            }

            try
            {
                return await put.RunAsync(plan, options ?? new PutOptions(), new PutMeter(progress, offer.Bytes), token)
                    .ConfigureAwait(false);
            }
            finally
            {
                _receiving.TryRemove(offer.Manifest.Id, out _);
                received.SetResult();
            }
        }
    }

    /// <summary>A model that this process receives into the store; null where it does not.</summary>
    internal ArrivingModel? FindArriving(ModelId model) => _arriving.GetValueOrDefault(model);

    private Task<ModelHandle> PutAsync(
        ModelContent content, PutOptions? options, IProgress<PutProgress>? progress, Func<ModelHandle, IDisposable>? committed,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        return PutAsync(
            (put, token) => put.RunAsync(content, options ?? new PutOptions(), progress, token), options, committed, cancellationToken);
    }

    private Task<ModelHandle> PutAsync(
        Func<PutOperation, CancellationToken, Task<ModelHandle>> run, PutOptions? options, Func<ModelHandle, IDisposable>? committed,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options?.KeepVersions ?? 0, nameof(PutOptions.KeepVersions));
        return RunAsync(
            "put into",
            token => run(new PutOperation(_catalog, _capacity, _reclaimer, _waiting, Options, committed), token),
            cancellationToken);
    }

    /// <summary>Runs long work, which is cancelled by its caller, and by the disposal of the store.</summary>
    private Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return Task.Run(
            async () =>
            {
                using var linked = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, cancellationToken);
                try
                {
                    return await run(linked.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
                {
                    throw new OperationCanceledException(
                        $"The {what} the store in {Options.Directory} was cancelled by its caller.", e, cancellationToken);
                }
                catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && IsDisposed)
                {
                    throw new OperationCanceledException(
                        $"The {what} the store in {Options.Directory} ended, for the store was closed meanwhile.", e);
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// Leases a model: it stays in the store and mapped until the lease is disposed. <paramref name="holder"/> is for people to read.
    /// </summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="InvalidModelException">The store has lost some of the model's blocks.</exception>
    public ModelLease Acquire(ModelId model, string holder)
    {
        ThrowIfDisposed();
        lock (_catalog.Gate)
        {
            // A leased model cannot go away: no look at the files is needed.
            if (_leases.TryGet(model, out var resident))
            {
                return Lease(resident, holder);
            }
        }

        using var change = _catalog.Begin();
        lock (_catalog.Gate)
        {
            return Lease(Resident(model), holder);
        }
    }

    /// <summary>The model that a name points to; without a version, the newest.</summary>
    /// <exception cref="ModelNotFoundException">No such name.</exception>
    /// <exception cref="StoreUnavailableException">Others held the store's lock for half a minute.</exception>
    public ModelHandle Resolve(ModelName name) => Resolve(name, waits: true);

    /// <summary>
    /// As <see cref="Resolve(ModelName)"/>. One that does not wait answers with what is known while others hold the store's lock.
    /// </summary>
    /// <exception cref="StoreUnavailableException">
    /// Others hold the store's lock, and the name is not known; where it waits, they held it for half a minute.
    /// </exception>
    internal ModelHandle Resolve(ModelName name, bool waits)
    {
        var busy = Refresh(waits);
        lock (_catalog.Gate)
        {
            if (!_catalog.Names.TryResolve(name, out var full, out var model))
            {
                throw busy ?? (Exception)new ModelNotFoundException($"The store in {Options.Directory} has no model named {name}.");
            }

            return _catalog.Models.TryGet(model, out var record)
                ? new ModelHandle(model, _catalog.BytesOf(record), full)
                : throw new ModelNotFoundException(
                    $"The store in {Options.Directory} has lost the manifest of {full}, model {model}. Put the model again.");
        }
    }

    /// <summary>The handle of a model that is known by its id.</summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    public ModelHandle Resolve(ModelId model)
    {
        Refresh();
        lock (_catalog.Gate)
        {
            return new ModelHandle(model, _catalog.BytesOf(Find(model)));
        }
    }

    /// <summary>Reads a model's manifest without leasing it.</summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="InvalidModelException">The model's file is no manifest.</exception>
    /// <exception cref="StoreUnavailableException">Others held the store's lock for half a minute.</exception>
    public Manifest ReadManifest(ModelId model) => ReadManifest(model, waits: true);

    /// <summary>
    /// As <see cref="ReadManifest(ModelId)"/>. One that does not wait returns what was read before while others hold the store's lock.
    /// </summary>
    /// <exception cref="StoreUnavailableException">
    /// Others hold the store's lock, and the manifest was not read yet; where it waits, they held it for half a minute.
    /// </exception>
    internal Manifest ReadManifest(ModelId model, bool waits)
    {
        Refresh(waits);
        lock (_catalog.Gate)
        {
            if (_catalog.Models.TryGet(model, out var record) && record.Manifest is { } known)
            {
                return known;
            }
        }

        using var change = _catalog.Begin(waits);
        lock (_catalog.Gate)
        {
            return _catalog.ReadManifest(Find(model));
        }
    }

    /// <summary>
    /// Points a name to a model. Without a version it gets the one that points to this model already, else the next. Returns the name with
    /// its version.
    /// </summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="InvalidModelException">The version is that of another model, which it stays.</exception>
    public ModelName SetName(ModelName name, ModelId model) => Change(change =>
    {
        Find(model);
        var full = _catalog.Names.WithVersion(name, model);
        NameWriter.Set(_catalog, change, full, model);
        return full;
    });

    /// <summary>Keeps a model from being evicted, or no longer.</summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    public void SetPinned(ModelId model, bool pinned) => Change(change =>
    {
        Find(model);
        if (pinned)
        {
            NameWriter.Pin(_catalog, change, model);
        }
        else
        {
            NameWriter.Unpin(_catalog, change, model);
        }

        return pinned;
    });

    /// <summary>
    /// Removes a name, and the model behind it when no other name points to it. Without a version: every version of the name. Returns the
    /// models that were removed.
    /// </summary>
    /// <exception cref="ModelNotFoundException">No such name.</exception>
    /// <exception cref="ModelInUseException">The model is leased, here or by another process; nothing was removed.</exception>
    public IReadOnlyList<ModelId> Remove(ModelName name) => Change(change => _remover.Remove(change, name));

    /// <summary>Removes a model with all its names.</summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="ModelInUseException">The model is leased, here or by another process; nothing was removed.</exception>
    public void Remove(ModelId model) => Change(change =>
    {
        Find(model);
        _remover.RemoveModels(change, model);
        return true;
    });

    /// <summary>
    /// Removes a model with all its names, unless it is pinned, or was put or leased by any process since a moment, or is leased now.
    /// Returns whether it was removed.
    /// </summary>
    public bool RemoveUnused(ModelId model, DateTimeOffset since) => Change(change => _remover.RemoveUnused(change, model, since));

    /// <summary>All models, by name, then by id.</summary>
    public IReadOnlyList<ModelInfo> List()
    {
        Refresh();
        lock (_catalog.Gate)
        {
            return StoreListing.List(_catalog, _leases);
        }
    }

    /// <summary>Every name with its version, and the model that it points to, by name. Looks at no file.</summary>
    /// <exception cref="StoreUnavailableException">Others held the store's lock for half a minute.</exception>
    public IReadOnlyList<ModelHandle> ListNames() => ListNames(waits: true);

    /// <summary>As <see cref="ListNames()"/>. One that does not wait returns what is known while others hold the store's lock.</summary>
    internal IReadOnlyList<ModelHandle> ListNames(bool waits)
    {
        Refresh(waits);
        lock (_catalog.Gate)
        {
            return StoreListing.Names(_catalog);
        }
    }

    /// <summary>The blocks of each model, and how many of them it shares with others, by name, then by id. Looks at no file.</summary>
    public IReadOnlyList<ModelSharing> GetSharing()
    {
        Refresh();
        lock (_catalog.Gate)
        {
            return StoreListing.Sharing(_catalog);
        }
    }

    /// <summary>
    /// What this process leases through this object, by holder: the leases themselves, at this moment. Looks at no file.
    /// </summary>
    public IReadOnlyList<LeaseInfo> ListLeases()
    {
        lock (_catalog.Gate)
        {
            return StoreListing.Leases(_catalog, _leases);
        }
    }

    /// <summary>The models that a process holds now, this one or another: those that cannot be removed.</summary>
    public IReadOnlySet<ModelId> ListUsed()
    {
        ThrowIfDisposed();
        using var change = _catalog.Begin();
        lock (_catalog.Gate)
        {
            var used = _catalog.Models.Models.Select(model => model.Id).Where(model => _reclaimer.IsUsed(change, model)).ToHashSet();
            change.Complete();
            return used;
        }
    }

    /// <summary>Bytes that a put can get without eviction: what <see cref="GetStatistics"/> says too, which looks at every model.</summary>
    /// <exception cref="StoreUnavailableException">The store's directory is gone, or cannot be read any more.</exception>
    public long GetFreeBytes()
    {
        try
        {
            Refresh();
            lock (_catalog.Gate)
            {
                return _capacity.FreeBytes();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The store's directory {Options.Directory} cannot be read any more: {e.Message.TrimEnd('.')}. Models that are loaded "
                + "answer on; restart this process when the directory is there again.",
                e);
        }
    }

    /// <summary>Counts and sizes.</summary>
    public StoreStatistics GetStatistics()
    {
        Refresh();
        lock (_catalog.Gate)
        {
            return StoreListing.Statistics(_catalog, _leases, _capacity, _waiting.Count);
        }
    }

    /// <summary>Hashes every block again. <paramref name="progress"/> gets the bytes hashed so far.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the store was disposed meanwhile.</exception>
    public Task<VerifyReport> VerifyAsync(IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(
            "verification of", token => Task.FromResult(new Verifier(_catalog).Run(progress, token)), cancellationToken);

    /// <summary>
    /// Deletes temporary files of dead processes, damaged files with the names that point to them, and segments without live blocks, and
    /// repacks segments that are mostly dead. <paramref name="unnamed"/> also removes models that have no name, no pin and no lease.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the store was disposed meanwhile.</exception>
    public Task<CollectReport> CollectAsync(bool unnamed = false, CancellationToken cancellationToken = default) =>
        CollectAsync(unnamed, repacking: null, cancellationToken);

    internal Task<CollectReport> CollectAsync(bool unnamed, IProgress<PutProgress>? repacking, CancellationToken cancellationToken) =>
        RunAsync(
            "collection of",
            token => Task.FromResult(_waiting.MakeRoom(() => Collect(unnamed, new PutMeter(repacking, 0), token))),
            cancellationToken);

    private CollectReport Collect(bool unnamed, PutMeter meter, CancellationToken cancellationToken)
    {
        var collector = new Collector(_catalog, _leases, _reclaimer);
        var report = Change(change => collector.Run(change, unnamed, cancellationToken));
        var (repacked, repackedBytes) = new Repacker(_catalog, meter).Run(cancellationToken);

        // Once more, for segments whose last models went while they were repacked.
        var (dead, deadBytes) = Change(_reclaimer.DeleteDeadSegments);
        return report with
        {
            RemovedFiles = report.RemovedFiles + dead,
            RepackedSegments = repacked,
            FreedBytes = report.FreedBytes + repackedBytes + deadBytes,
        };
    }

    /// <summary>Stops waiting puts and closes the store's files. Leases that are still held stay valid.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        MappingRegistry.Unmapped -= _waiting.Signal;
        _closing.Cancel();
        _waiting.Dispose();
        _lock.Close();
        _generation.Dispose();
    }

    private void Sweep() => Change(change =>
    {
        _reclaimer.DeleteAbandonedFiles(Options.TimeProvider.GetUtcNow());
        _reclaimer.DeleteDeadSegments(change);
        foreach (var file in _catalog.Unreadable.All)
        {
            Options.Log?.Invoke($"Left out {file.Reason}");
        }

        return true;
    });

    private T Change<T>(Func<StoreChange, T> work)
    {
        ThrowIfDisposed();
        try
        {
            using var change = _catalog.Begin();
            lock (_catalog.Gate)
            {
                var result = work(change);
                change.Complete();
                return result;
            }
        }
        finally
        {
            _waiting.Signal();
        }
    }

    /// <summary>Returns why what is known may be old; null where it is not, as always where it waits.</summary>
    private StoreUnavailableException? Refresh(bool waits = true)
    {
        ThrowIfDisposed();
        try
        {
            _catalog.Refresh(waits);
            return null;
        }
        catch (StoreUnavailableException busy) when (!waits)
        {
            return busy;
        }
    }

    private ModelRecord Find(ModelId model) => _catalog.Models.TryGet(model, out var record)
        ? record
        : throw new ModelNotFoundException($"The store in {Options.Directory} has no model {model}.");

    // The caller holds the store's lock and the catalog's gate.
    private ResidentModel Resident(ModelId model) =>
        _leases.TryGet(model, out var resident) ? resident : ResidentModel.Load(_catalog, Find(model), Options);

    private ModelLease Lease(ResidentModel resident, string holder) =>
        Lease(resident, new ModelHandle(resident.Record.Id, _catalog.BytesOf(resident.Record)), holder);

    private ModelLease Lease(ResidentModel resident, ModelHandle handle, string holder)
    {
        try
        {
            LastUse.Record(resident.Record, _catalog.Directory.ManifestPath(resident.Record.Id), Options.TimeProvider.GetUtcNow());
        }
        catch when (_leases.CountOf(resident.Record.Id) == 0)
        {
            // Loaded for this lease, and known to no other.
            resident.Unload();
            throw;
        }

        _leases.Add(resident, holder);
        return new ModelLease(resident, handle, holder, this);
    }

    internal ModelLease Share(ModelLease lease, string holder)
    {
        lock (_catalog.Gate)
        {
            // Under the gate: a lease that is disposed meanwhile is still counted, or was before this look.
            ObjectDisposedException.ThrowIf(lease.IsDisposed, lease);
            return Lease(lease.Model, lease.Handle, holder);
        }
    }

    internal void Release(ModelLease lease)
    {
        lock (_catalog.Gate)
        {
            if (_leases.Remove(lease.Model, lease.Holder))
            {
                lease.Model.Unload();
            }
        }

        _waiting.Signal();
    }

    private bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);
}
