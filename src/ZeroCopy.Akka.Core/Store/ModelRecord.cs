using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>A model of the store as this process knows it.</summary>
internal sealed class ModelRecord(Manifest manifest, DateTimeOffset lastUsed)
{
    public Manifest Manifest { get; } = manifest;

    public ModelId Id => Manifest.Id;

    /// <summary>When this process last knew it used; other processes' use is read from the file's time.</summary>
    public DateTimeOffset LastUsed { get; set; } = lastUsed;

    /// <summary>Bytes of its distinct blocks; computed once, null before.</summary>
    public long? Bytes { get; set; }
}
