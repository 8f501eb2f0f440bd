using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>How a model is put.</summary>
public sealed record PutOptions
{
    /// <summary>
    /// A name for the model; without a version it gets the next one. Named models are never evicted. Null: the model is found by its id only.
    /// </summary>
    public ModelName? Name { get; init; }

    /// <summary>Keeps the model from being evicted even without a name.</summary>
    public bool Pin { get; init; }

    /// <summary>How long the put may wait for room; null for the store's own setting.</summary>
    public TimeSpan? Deadline { get; init; }
}
