using ZeroCopy.Blocks;
using ZeroCopy.Clocks;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>
/// One put. Hashing and copying run outside the store's lock; under it are only admission (how much is missing, is there room, a file of
/// that length) and the commit. What other processes publish or remove in between is seen at the commit, which then starts over from
/// admission with what is missing now: two processes that put the same model leave one copy. What is to be done in the same step as the
/// commit is <c>committed</c>, which what it returns undoes: a put that fails there, or at the name, leaves nothing behind.
/// </summary>
internal sealed class PutOperation(
    StoreCatalog catalog, Capacity capacity, Reclaimer reclaimer, WaitingPuts queue, ObjectStoreOptions settings,
    Func<ModelHandle, IDisposable>? committed = null)
{
    // ENOSPC, and the two codes that Windows has for a full disk.
    private const int NoSpaceUnix = 28;
    private const int HandleDiskFull = unchecked((int)0x80070027);
    private const int DiskFull = unchecked((int)0x80070070);

    private StoreDirectory Directory => catalog.Directory;

    /// <summary>Hashes the content and puts it.</summary>
    public Task<ModelHandle> RunAsync(
        ModelContent content, PutOptions options, IProgress<PutProgress>? progress, CancellationToken cancellationToken)
    {
        var total = content.Tensors.Sum(t => t.Layout.ByteLength) + (content.ScriptSkeleton?.Layout.ByteLength ?? 0);
        var meter = new PutMeter(progress, total);
        return RunAsync(PutPlan.Hash(content, meter, cancellationToken), options, meter, cancellationToken);
    }

    /// <summary>Puts what is planned.</summary>
    public async Task<ModelHandle> RunAsync(IPutPlan plan, PutOptions options, PutMeter meter, CancellationToken cancellationToken)
    {
        var wait = options.Deadline ?? settings.PutDeadline;
        using var deadline = new LimitSource(wait, settings.TimeProvider);
        ThrowIfTaken(plan, options, cancellationToken);
        while (true)
        {
            using var group = await AdmitAsync(plan, deadline.Token, cancellationToken).ConfigureAwait(false);
            try
            {
                await plan.WriteAsync(group, meter, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsDiskFull(e))
            {
                var needed = group.Length;
                group.Dispose();
                throw Refusal(needed, cancellationToken);
            }

            if (TryCommit(plan, group, options, cancellationToken) is { } handle)
            {
                return handle;
            }
        }
    }

    // Before anything is written; the commit decides.
    private void ThrowIfTaken(IPutPlan plan, PutOptions options, CancellationToken cancellationToken)
    {
        if (options.Name is not { Version: not null } name)
        {
            return;
        }

        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            WithVersion(name, plan.Manifest.Id, Twins(plan.Manifest));
            change.Complete();
        }
    }

    private ModelName WithVersion(ModelName name, ModelId model, ModelRecord[] twins) =>
        catalog.Names.WithVersion(name, [model, .. twins.Select(twin => twin.Id)]);

    private async Task<SegmentGroup> AdmitAsync(IPutPlan plan, CancellationToken deadline, CancellationToken cancellationToken)
    {
        // Who needs no room waits for nobody, and who does comes behind those that wait already.
        if (TryAdmit(plan, isNext: queue.Count == 0, isLast: false, cancellationToken, out _) is { } admitted)
        {
            return admitted;
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellationToken);
        var wasNext = false;
        try
        {
            return await queue.AdmitAsync(
                () =>
                {
                    wasNext = true;
                    return TryAdmit(plan, isNext: true, isLast: false, cancellationToken, out _);
                },
                both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Once more, and if it is refused with the numbers of now.
            return TryAdmit(plan, wasNext || queue.Count == 0, isLast: true, cancellationToken, out var refusal) ?? throw refusal!;
        }
    }

    private SegmentGroup? TryAdmit(
        IPutPlan plan, bool isNext, bool isLast, CancellationToken cancellationToken, out StoreFullException? refusal)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            refusal = null;
            while (true)
            {
                var layouts = SegmentGroup.Plan(Missing(plan));
                var needed = layouts.Where(layout => !plan.IsReceived || !SegmentWriter.IsLeft(Directory, layout))
                    .Sum(layout => layout.Length);
                if (needed > capacity.LimitBytes)
                {
                    // No waiting helps.
                    throw capacity.Full(needed, capacity.FreeBytes());
                }

                if (needed == 0 || (isNext && capacity.FreeBytes() >= needed))
                {
                    change.Complete();
                    return new SegmentGroup(Directory, layouts, plan.IsReceived);
                }

                // What goes may have held blocks that this put wants: what is missing is counted again.
                if (!isNext || !reclaimer.ReclaimSome(change, mayEvict: isLast || !queue.IsRoomComing))
                {
                    refusal = capacity.Full(needed, capacity.FreeBytes(), others: isNext ? 0 : queue.Count);
                    change.Complete();
                    return null;
                }
            }
        }
    }

    private List<(BlockId Id, long Length)> Missing(IPutPlan plan) =>
        [
            .. plan.Manifest.Blocks.Where(block => !catalog.Index.TryFind(block, out _))
                .Select(block => (block, plan.LengthOf(block))),
        ];

    private ModelHandle? TryCommit(IPutPlan plan, SegmentGroup group, PutOptions options, CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            var written = group.Blocks.ToHashSet();
            var missing = Missing(plan);
            if (missing.Count > 0 && (missing.Count != written.Count || missing.Any(block => !written.Contains(block.Id))))
            {
                return null;
            }

            var segments = new List<Segment>();
            var isNew = !catalog.Models.Contains(plan.Manifest.Id);
            var pins = options.Pin && !catalog.Pins.Contains(plan.Manifest.Id);
            var undo = (IDisposable?)null;
            try
            {
                if (missing.Count > 0)
                {
                    change.Touch(StoreArea.Segments);
                    foreach (var segment in group.Publish(Directory))
                    {
                        segments.Add(segment);
                        catalog.Index.Add(segment);
                    }
                }

                var record = WriteManifest(change, plan.Manifest);
                var twins = Twins(plan.Manifest);
                var name = options.Name is { } wanted ? WithVersion(wanted, record.Id, twins) : (ModelName?)null;
                var handle = new ModelHandle(record.Id, plan.Bytes, name);

                // Under the lock, so that nobody removes the model before, and ahead of the name, which is not taken back.
                undo = committed?.Invoke(handle);
                if (pins)
                {
                    NameWriter.Pin(catalog, change, record.Id);
                }

                if (name is { } full)
                {
                    NameWriter.Set(catalog, change, full, record.Id);
                }

                reclaimer.DropTwins(change, twins, settings.TimeProvider.GetUtcNow());
                if (name is { } put && (options.KeepVersions ?? settings.KeepVersions) is > 0 and var versions)
                {
                    reclaimer.KeepVersions(change, put, versions);
                    reclaimer.DeleteDeadSegments(change);
                }

                change.Complete();
                return handle;
            }
            catch (Exception e)
            {
                undo?.Dispose();
                if (pins)
                {
                    NameWriter.Unpin(catalog, change, plan.Manifest.Id);
                }

                if (isNew && catalog.Models.Contains(plan.Manifest.Id) && !catalog.Names.IsNamed(plan.Manifest.Id))
                {
                    reclaimer.TryRemove(change, plan.Manifest.Id);
                }

                foreach (var segment in segments.Where(catalog.IsDead))
                {
                    reclaimer.TryDelete(change, segment);
                }

                if (IsDiskFull(e))
                {
                    throw capacity.Full(plan.Manifest.ToCanonicalJson().Length, capacity.FreeBytes(), diskIsFull: true);
                }

                throw;
            }
        }
    }

    /// <summary>Models that differ from a manifest in nothing but the prototype that their instances were copied from.</summary>
    private ModelRecord[] Twins(Manifest manifest) =>
        manifest.Recipe is Recipe.Weights { Prototype.Length: > 0 }
            ?
            [
                .. catalog.Models.Models.Where(other =>
                    other.Id != manifest.Id && other.Blocks.SequenceEqual(manifest.Blocks)
                    && ReadIfWhole(other)?.IsTwinOf(manifest) == true),
            ]
            : [];

    // What is wrong with another model is told to those who use it, and by a verification.
    private Manifest? ReadIfWhole(ModelRecord record)
    {
        try
        {
            return catalog.ReadManifest(record);
        }
        catch (Exception e) when (e is InvalidModelException or IOException)
        {
            return null;
        }
    }

    private ModelRecord WriteManifest(StoreChange change, Manifest manifest)
    {
        var now = settings.TimeProvider.GetUtcNow();
        var path = Directory.ManifestPath(manifest.Id);
        if (catalog.Models.TryGet(manifest.Id, out var known))
        {
            LastUse.Record(known, path, now, always: true);
            return known;
        }

        change.Touch(StoreArea.Manifests);
        var temporary = Directory.NewTemporaryPath(".json");
        try
        {
            File.WriteAllBytes(temporary, manifest.ToCanonicalJson());
            File.SetLastWriteTimeUtc(temporary, now.UtcDateTime);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        catalog.Unreadable.Remove(path);
        var record = new ModelRecord(manifest, now);
        catalog.Models.Add(record);
        return record;
    }

    private StoreFullException Refusal(long needed, CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            change.Complete();
            return capacity.Full(needed, capacity.FreeBytes(), diskIsFull: true);
        }
    }

    private static bool IsDiskFull(Exception e) => e switch
    {
        IOException io => io.HResult is HandleDiskFull or DiskFull || (!OperatingSystem.IsWindows() && io.HResult == NoSpaceUnix),
        _ => false,
    };
}
