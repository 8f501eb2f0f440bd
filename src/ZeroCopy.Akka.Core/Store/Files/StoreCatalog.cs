using System.Buffers;
using System.Diagnostics;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

using ZeroCopy.Safetensors;
namespace ZeroCopy.Store.Files;

/// <summary>
/// What this process knows of the store's files: segments, models, names. Follows changes of other processes by the shared
/// <see cref="Generation"/>, and reads only files that it has not read before, for segments and manifests never change.
/// Files are read under the store's lock, so that nobody mistakes a reader for a user of a model.
/// </summary>
internal sealed class StoreCatalog(StoreDirectory directory, Generation generation, StoreLock storeLock)
{
    private const int ParallelFrom = 64;
    private const long Never = -1;

    // What could not be read is looked at again so often by those who only read: they take the store's lock for it.
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(1);

    private readonly long[] _seenAreas = [Never, Never, Never];
    private long _seen = Never;
    private long _scannedAt;
    private volatile bool _isIncomplete;

    /// <summary>Guards everything below. Taken inside the store's lock, never around it.</summary>
    public Lock Gate { get; } = new();

    public StoreDirectory Directory { get; } = directory;

    public BlockIndex Index { get; } = new();

    public ModelTable Models { get; } = new();

    public NameTable Names { get; } = new();

    public HashSet<ModelId> Pins { get; } = [];

    /// <summary>Files that could not be read; everything else is still served.</summary>
    public UnreadableFiles Unreadable { get; } = new();

    /// <summary>
    /// Whether some manifest could not be read for a reason that may pass, such as too many open files. What its model needs is not known
    /// then, and no segment may be taken for dead.
    /// </summary>
    public bool IsBlind => Unreadable.IsIncomplete(Directory.Manifests);

    /// <summary>Bytes of all segments, those that could not be read among them.</summary>
    public long SegmentBytes => Index.SegmentBytes + Unreadable.BytesIn(Directory.Segments);

    /// <inheritdoc cref="Begin(bool, CancellationToken)"/>
    public StoreChange Begin(CancellationToken cancellationToken = default) => Begin(waits: true, cancellationToken);

    /// <summary>Takes the store's lock as <see cref="StoreLock.Enter"/> does and reads what changed since.</summary>
    public StoreChange Begin(bool waits, CancellationToken cancellationToken = default)
    {
        var change = storeLock.Enter(waits, cancellationToken);
        try
        {
            change.Ending = completed => End(completed);
            lock (Gate)
            {
                Rescan();
            }

            return change;
        }
        catch
        {
            change.Dispose();
            throw;
        }
    }

    /// <summary>Brings the catalog up to date; nanoseconds where nothing changed.</summary>
    /// <exception cref="StoreUnavailableException">Others hold the store's lock, where it waits for half a minute.</exception>
    public void Refresh(bool waits = true)
    {
        if (Volatile.Read(ref _seen) != generation.Sequence
            || (_isIncomplete && Stopwatch.GetElapsedTime(Volatile.Read(ref _scannedAt)) >= RetryTime))
        {
            Begin(waits).Dispose();
        }
    }

    /// <summary>Bytes of a model's distinct blocks.</summary>
    public long BytesOf(ModelRecord record)
    {
        if (record.Bytes is { } known)
        {
            return known;
        }

        var bytes = 0L;
        var complete = true;
        foreach (var block in record.Blocks)
        {
            complete &= Index.TryFind(block, out var location);
            bytes += location.Length;
        }

        record.Bytes = complete ? bytes : null;
        return bytes;
    }

    /// <summary>Bytes of a block; 0 where its segment is gone.</summary>
    public long BytesOf(BlockId block) => Index.TryFind(block, out var location) ? location.Length : 0;

    /// <summary>A model's manifest. The caller holds the store's lock, for its file is read the first time.</summary>
    /// <exception cref="InvalidModelException">The file is no manifest, or not the one that its name says.</exception>
    public Manifest ReadManifest(ModelRecord record)
    {
        if (record.Manifest is not { } manifest)
        {
            var path = Directory.ManifestPath(record.Id);
            var json = File.ReadAllBytes(path);
            record.Manifest = manifest = ModelId.Of(json) == record.Id
                ? Manifest.ParseCanonical(json)
                : throw new InvalidModelException($"{path}: its content is not the one that its name says. Put the model again.");
        }

        return manifest;
    }

    public bool IsDead(Segment segment)
    {
        foreach (var block in segment.Blocks)
        {
            if (IsServed(segment, block))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The blocks of a segment that models refer to, and that are served from it.</summary>
    public IEnumerable<SegmentBlock> LiveBlocksOf(Segment segment) => segment.Blocks.Where(block => IsServed(segment, block));

    public long LiveBytesOf(Segment segment) => LiveBlocksOf(segment).Sum(block => block.Length);

    private bool IsServed(Segment segment, SegmentBlock block) =>
        Models.IsLive(block.Id) && Index.TryFind(block.Id, out var location) && ReferenceEquals(location.Segment, segment);

    private void End(bool completed)
    {
        lock (Gate)
        {
            for (var area = 0; area < _seenAreas.Length; area++)
            {
                _seenAreas[area] = completed ? generation.Of((StoreArea)area) : Never;
            }

            Volatile.Write(ref _seen, completed ? generation.Sequence : Never);
        }
    }

    private void Rescan()
    {
        ScanArea(StoreArea.Manifests, Directory.Manifests, ScanManifests);
        ScanArea(StoreArea.Segments, Directory.Segments, ScanSegments);
        ScanArea(StoreArea.Names, Directory.Names, ScanNames);
        Volatile.Write(ref _scannedAt, Stopwatch.GetTimestamp());
        _isIncomplete = IsBlind || Unreadable.IsIncomplete(Directory.Segments);
    }

    private void ScanArea(StoreArea area, string folder, Action scan)
    {
        var current = generation.Of(area);
        if (_seenAreas[(int)area] != current || Unreadable.IsIncomplete(folder) || Unreadable.HasChanged(folder))
        {
            scan();
            _seenAreas[(int)area] = current;
        }
    }

    private void ScanSegments()
    {
        var present = Listing(Directory.Segments);
        foreach (var gone in Index.Segments.Select(s => s.FileName).Where(name => !present.Contains(name)).ToArray())
        {
            Index.Remove(gone);
        }

        var read = ReadNew(Directory.Segments, present, Index.Contains, Segment.Read);
        Index.Reserve(read);
        foreach (var segment in read)
        {
            Index.Add(segment);
        }
    }

    private void ScanManifests()
    {
        var present = Listing(Directory.Manifests);
        foreach (var gone in Models.Models.Where(m => !present.Contains(m.Id + ".json")).Select(m => m.Id).ToArray())
        {
            Models.Remove(gone);
        }

        bool Known(string file) => ModelId.TryParse(Path.GetFileNameWithoutExtension(file), out var id) && Models.Contains(id);
        foreach (var record in ReadNew(Directory.Manifests, present, Known, ReadRecord))
        {
            Models.Add(record);
        }
    }

    private void ScanNames()
    {
        Names.Clear();
        foreach (var file in Listing(Directory.Names))
        {
            if (NameTable.TryParseFileName(file, out var name, out var model))
            {
                Names.Set(name, model);
            }
        }

        Pins.Clear();
        foreach (var file in Listing(Directory.Pins))
        {
            if (ModelId.TryParse(file, out var model))
            {
                Pins.Add(model);
            }
        }
    }

    private static HashSet<string> Listing(string folder) =>
        System.IO.Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).ToHashSet(StringComparer.Ordinal);

    private T[] ReadNew<T>(string folder, HashSet<string> present, Predicate<string> isKnown, Func<string, T> read)
        where T : class
    {
        Unreadable.Retain(folder, present);
        var paths = present.Where(file => !isKnown(file)).Select(file => Path.Combine(folder, file)).Where(p => !Unreadable.IsDamaged(p))
            .Order(StringComparer.Ordinal).ToArray();
        var results = new T?[paths.Length];
        var failures = new UnreadableFile?[paths.Length];
        void ReadOne(int i)
        {
            // As it is before: one that is written anew meanwhile is read again.
            var file = new FileInfo(paths[i]);
            file.Refresh();
            try
            {
                results[i] = read(paths[i]);
            }
            catch (Exception e) when (e is InvalidModelException or IOException or UnauthorizedAccessException)
            {
                failures[i] = UnreadableFile.Of(paths[i], file, e, isDamaged: e is InvalidModelException);
            }
        }

        if (paths.Length < ParallelFrom)
        {
            for (var i = 0; i < paths.Length; i++)
            {
                ReadOne(i);
            }
        }
        else
        {
            Parallel.For(0, paths.Length, ReadOne);
        }

        foreach (var failure in failures.OfType<UnreadableFile>())
        {
            Unreadable.Add(failure);
        }

        return [.. results.OfType<T>()];
    }

    // Into a buffer that is used again: what a store of thousands of models keeps of them is small beside their manifests.
    private static ModelRecord ReadRecord(string path)
    {
        using var file = File.OpenHandle(path);
        var length = (int)Math.Min(RandomAccess.GetLength(file), Array.MaxLength);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var json = buffer.AsSpan(0, file.ReadUpTo(buffer.AsSpan(0, length), 0));
            var id = ModelId.Of(json);
            if (Path.GetFileNameWithoutExtension(path.AsSpan()) is var name && !name.SequenceEqual(id.ToString()))
            {
                throw new InvalidModelException($"{path}: its content has the id {id}, not the one in its name.");
            }

            var (blocks, tensors) = ManifestScan.Blocks(json);
            return new ModelRecord(id, blocks, tensors);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
