using System.Collections.Frozen;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;
using ZeroCopy.Store.Files;
using ZeroCopy.Tensors;

namespace ZeroCopy.Store;

/// <summary>
/// A model that this process leases: its segments mapped, its manifest file held open (the shared lock that tells other processes that the
/// model is leased). Shared by all leases of the process on the model.
/// </summary>
internal sealed class ResidentModel
{
    private readonly FrozenDictionary<BlockId, (SegmentMapping Mapping, long Offset, long Length)> _blocks;
    private readonly SegmentMapping[] _mappings;
    private readonly SafeFileHandle _manifestLock;

    private ResidentModel(
        ModelRecord record,
        Manifest manifest,
        ObjectStoreOptions options,
        Dictionary<BlockId, (SegmentMapping Mapping, long Offset, long Length)> blocks,
        SegmentMapping[] mappings,
        SafeFileHandle manifestLock)
    {
        Record = record;
        Manifest = manifest;
        Options = options;
        _blocks = blocks.ToFrozenDictionary();
        _mappings = mappings;
        _manifestLock = manifestLock;
    }

    public ModelRecord Record { get; }

    public Manifest Manifest { get; }

    /// <summary>How the store maps.</summary>
    public ObjectStoreOptions Options { get; }

    /// <summary>The mappings of the model's segments, each once.</summary>
    public IReadOnlyList<SegmentMapping> Mappings => _mappings;

    /// <summary>Who holds leases, one entry a lease.</summary>
    public List<string> Holders { get; } = [];

    /// <summary>Maps a model. The caller holds the store's lock and the catalog's gate.</summary>
    public static ResidentModel Load(StoreCatalog catalog, ModelRecord record, ObjectStoreOptions options)
    {
        var manifestLock = File.OpenHandle(catalog.Directory.ManifestPath(record.Id), FileMode.Open, FileAccess.Read, FileShare.Read);
        var mappings = new Dictionary<string, SegmentMapping>(StringComparer.Ordinal);
        try
        {
            var manifest = catalog.ReadManifest(record);
            var blocks = new Dictionary<BlockId, (SegmentMapping Mapping, long Offset, long Length)>(manifest.Blocks.Length);
            foreach (var block in manifest.Blocks)
            {
                if (!catalog.Index.TryFind(block, out var location))
                {
                    throw new InvalidModelException(
                        $"Model {record.Id} is damaged: the store in {catalog.Directory.Root} has no block {block}. "
                        + "'store verify' lists all damage; put the model again.");
                }

                if (!mappings.TryGetValue(location.Segment.FileName, out var mapping))
                {
                    mapping = MappingRegistry.Map(catalog.Directory.SegmentPath(location.Segment.FileName));
                    mappings.Add(location.Segment.FileName, mapping);
                }

                blocks.Add(block, (mapping, location.Offset, location.Length));
            }

            foreach (var tensor in manifest.Tensors)
            {
                var (needed, length) = (tensor.Layout.ByteLength, blocks[tensor.Block].Length);
                if (tensor.Offset is { } offset
                    ? tensor.Layout.Extent > (length - offset) / tensor.Layout.DType.ElementSize() : needed != length)
                {
                    throw new InvalidModelException(
                        $"Model {record.Id} is damaged: tensor '{tensor.Name}' needs {needed} bytes, its block has {length}.");
                }
            }

            return new ResidentModel(record, manifest, options, blocks, [.. mappings.Values], manifestLock);
        }
        catch
        {
            foreach (var mapping in mappings.Values)
            {
                MappingRegistry.Unmap(mapping);
            }

            manifestLock.Dispose();
            throw;
        }
    }

    public long? LengthOf(BlockId block) => _blocks.TryGetValue(block, out var place) ? place.Length : null;

    public (SegmentMapping Mapping, nint Address, long Length) Find(BlockId block)
    {
        if (!_blocks.TryGetValue(block, out var place))
        {
            throw new ArgumentException($"Block {block} does not belong to model {Record.Id}.", nameof(block));
        }

        // An empty block may lie behind the last byte of the file; any address of the mapping will do for it.
        return (place.Mapping, place.Length == 0 ? place.Mapping.Base : place.Mapping.Base + (nint)place.Offset, place.Length);
    }

    public void Unload()
    {
        foreach (var mapping in _mappings)
        {
            MappingRegistry.Unmap(mapping);
        }

        _manifestLock.Dispose();
    }
}
