using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>
/// One put. Hashing and copying run outside the store's lock; under it are only admission (how much is missing, is there room, a file of that
/// length) and the commit. What other processes publish or remove in between is seen at the commit, which then starts over from admission
/// with what is missing now: two processes that put the same model leave one copy.
/// </summary>
internal sealed class PutOperation(
    StoreCatalog catalog, Capacity capacity, Reclaimer reclaimer, WaitingPuts queue, ObjectStoreOptions settings)
{
    // ENOSPC, and the two codes that Windows has for a full disk.
    private const int NoSpaceUnix = 28;
    private const int HandleDiskFull = unchecked((int)0x80070027);
    private const int DiskFull = unchecked((int)0x80070070);

    private StoreDirectory Directory => catalog.Directory;

    public async Task<ModelHandle> RunAsync(
        ModelContent content, PutOptions options, IProgress<PutProgress>? progress, CancellationToken cancellationToken)
    {
        var total = content.Tensors.Sum(t => t.Layout.ByteLength) + content.ScriptSkeleton.Length;
        var meter = new PutMeter(progress, total);
        var plan = PutPlan.Hash(content, meter, cancellationToken);
        var wait = options.Deadline ?? settings.PutDeadline;
        using var deadline = new CancellationTokenSource(wait, settings.TimeProvider);
        while (true)
        {
            using var writer = await AdmitAsync(plan, deadline.Token, cancellationToken).ConfigureAwait(false);
            try
            {
                writer.Segment?.Write(plan.Sources, meter, cancellationToken);
            }
            catch (Exception e) when (IsDiskFull(e))
            {
                throw capacity.Full(writer.Segment!.Layout.Length, 0);
            }

            if (TryCommit(plan, writer.Segment, options, cancellationToken) is { } handle)
            {
                return handle;
            }
        }
    }

    private async Task<Admission> AdmitAsync(PutPlan plan, CancellationToken deadline, CancellationToken cancellationToken)
    {
        StoreFullException? refusal = null;
        if (queue.Count == 0 && TryAdmit(plan, cancellationToken, out refusal) is { } admitted)
        {
            return admitted;
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellationToken);
        try
        {
            return await queue.AdmitAsync(() => TryAdmit(plan, cancellationToken, out refusal), both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Null where the deadline passed behind other puts, before this one could try.
            throw refusal ?? capacity.Full(plan.Bytes, 0);
        }
    }

    private Admission? TryAdmit(PutPlan plan, CancellationToken cancellationToken, out StoreFullException? refusal)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            var missing = Missing(plan);
            refusal = null;
            if (missing.Count == 0)
            {
                return new Admission(null);
            }

            var layout = SegmentLayout.Plan(missing);
            if (layout.Length > capacity.LimitBytes)
            {
                // No waiting helps.
                throw capacity.Full(layout.Length, capacity.FreeBytes());
            }

            if (!MakeRoom(change, layout.Length))
            {
                refusal = capacity.Full(layout.Length, capacity.FreeBytes());
                change.Complete();
                return null;
            }

            change.Complete();
            return new Admission(new SegmentWriter(Directory, SegmentLayout.Plan(Missing(plan))));
        }
    }

    private bool MakeRoom(StoreChange change, long bytes)
    {
        if (capacity.FreeBytes() >= bytes)
        {
            return true;
        }

        reclaimer.DeleteAbandonedFiles();
        reclaimer.DeleteDeadSegments(change);
        while (capacity.FreeBytes() < bytes)
        {
            if (!reclaimer.EvictOne(change))
            {
                return false;
            }
        }

        return true;
    }

    private List<(BlockId Id, long Length)> Missing(PutPlan plan) =>
        [.. plan.Manifest.Blocks.Where(block => !catalog.Index.TryFind(block, out _)).Select(block => (block, plan.Sources[block].Layout.ByteLength))];

    private ModelHandle? TryCommit(PutPlan plan, SegmentWriter? writer, PutOptions options, CancellationToken cancellationToken)
    {
        using var change = catalog.Begin(cancellationToken);
        lock (catalog.Gate)
        {
            var written = writer is null ? [] : writer.Layout.Blocks.Select(block => block.Id).ToHashSet();
            var missing = Missing(plan);
            if (missing.Count > 0 && (missing.Count != written.Count || missing.Any(block => !written.Contains(block.Id))))
            {
                return null;
            }

            Segment? segment = null;
            try
            {
                if (missing.Count > 0)
                {
                    change.Touch(StoreArea.Segments);
                    segment = writer!.Publish(Directory);
                    catalog.Index.Add(segment);
                }

                var record = WriteManifest(change, plan.Manifest);
                var name = options.Name is { } wanted ? NameWriter.Set(catalog, change, wanted, record.Id) : (ModelName?)null;
                if (options.Pin)
                {
                    NameWriter.Pin(catalog, change, record.Id);
                }

                change.Complete();
                return new ModelHandle(record.Id, plan.Bytes, name);
            }
            catch (Exception e)
            {
                if (!catalog.Models.Contains(plan.Manifest.Id) && segment is not null)
                {
                    reclaimer.TryDelete(change, segment);
                }

                if (IsDiskFull(e))
                {
                    throw capacity.Full(plan.Manifest.ToCanonicalJson().Length, 0);
                }

                throw;
            }
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

        var record = new ModelRecord(manifest, now);
        catalog.Models.Add(record);
        return record;
    }

    private static bool IsDiskFull(Exception e) => e switch
    {
        AggregateException many => many.InnerExceptions.Any(IsDiskFull),
        IOException io => io.HResult is HandleDiskFull or DiskFull || (!OperatingSystem.IsWindows() && io.HResult == NoSpaceUnix),
        _ => false,
    };

    /// <summary>Room for a put: the file to write, or none where the store has everything already.</summary>
    private sealed record Admission(SegmentWriter? Segment) : IDisposable
    {
        public void Dispose() => Segment?.Dispose();
    }
}
