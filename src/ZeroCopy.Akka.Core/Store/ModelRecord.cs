using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>
/// A model of the store as this process knows it: its blocks, and the bytes of its manifest, which is parsed when somebody asks for it. So a
/// store of thousands of models opens fast.
/// </summary>
internal sealed class ModelRecord
{
    private readonly byte[] _json;
    private Manifest? _manifest;

    private ModelRecord(ModelId id, byte[] json, ImmutableArray<BlockId> blocks, int tensorCount)
    {
        Id = id;
        Blocks = blocks;
        TensorCount = tensorCount;
        _json = json;
    }

    public ModelRecord(Manifest manifest, DateTimeOffset lastUsed)
        : this(manifest.Id, [], manifest.Blocks, manifest.Tensors.Length)
    {
        _manifest = manifest;
        LastUsed = lastUsed;
    }

    public ModelId Id { get; }

    /// <summary>The model's distinct blocks.</summary>
    public ImmutableArray<BlockId> Blocks { get; }

    public int TensorCount { get; }

    /// <exception cref="Errors.InvalidModelException">The bytes are no manifest, although they have the right hash.</exception>
    public Manifest Manifest => _manifest ??= Manifest.ParseCanonical(_json);

    /// <summary>When this process last knew it used, at first never; other processes' use is read from the file's time.</summary>
    public DateTimeOffset LastUsed { get; set; }

    /// <summary>Bytes of its distinct blocks; computed once, null before.</summary>
    public long? Bytes { get; set; }

    /// <summary>A model from its manifest's bytes, whose hash is the id.</summary>
    /// <exception cref="Errors.InvalidModelException">No JSON, or a block's id is none.</exception>
    public static ModelRecord FromJson(ModelId id, byte[] json)
    {
        var (blocks, tensors) = ManifestScan.Blocks(json);
        return new ModelRecord(id, json, blocks, tensors);
    }
}
