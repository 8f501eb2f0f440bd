using System.Collections.Immutable;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Files;

/// <summary>
/// A model of the store as this process knows it: its blocks, and the manifest once somebody has asked for it. So a store of thousands of
/// models opens fast, and costs a process no more than their blocks' ids.
/// </summary>
internal sealed class ModelRecord(ModelId id, ImmutableArray<BlockId> blocks, int tensorCount)
{
    public ModelRecord(Manifest manifest, DateTimeOffset lastUsed)
        : this(manifest.Id, manifest.Blocks, manifest.Tensors.Length)
    {
        Manifest = manifest;
        LastUsed = lastUsed;
    }

    public ModelId Id { get; } = id;

    /// <summary>The model's distinct blocks.</summary>
    public ImmutableArray<BlockId> Blocks { get; } = blocks;

    public int TensorCount { get; } = tensorCount;

    /// <summary>Null until <see cref="StoreCatalog.ReadManifest"/> has read it.</summary>
    public Manifest? Manifest { get; set; }

    /// <summary>When this process last knew it used, at first never; other processes' use is read from the file's time.</summary>
    public DateTimeOffset LastUsed { get; set; }

    /// <summary>Bytes of its distinct blocks; computed once, null before.</summary>
    public long? Bytes { get; set; }
}
