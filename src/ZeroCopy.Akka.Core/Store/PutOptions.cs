using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>How a model is put.</summary>
public sealed record PutOptions
{
    /// <summary>
    /// A name for the model. Without a version it gets the one that has the same content already (the newest of them), else the next.
    /// Named models are never evicted. Null: the model is found by its id only.
    /// </summary>
    public ModelName? Name { get; init; }

    /// <summary>
    /// How many versions of the name stay in the store; 0: all; null: as the store's own setting says. Older ones that no process uses are
    /// removed with the put, by name: their models stay where they have other names or are pinned.
    /// </summary>
    public int? KeepVersions { get; init; }

    /// <summary>Keeps the model from being evicted even without a name.</summary>
    public bool Pin { get; init; }

    /// <summary>
    /// How long the put may wait for room; null for the store's own setting, <see cref="Timeout.InfiniteTimeSpan"/> for no limit, zero or
    /// less for not at all.
    /// </summary>
    public TimeSpan? Deadline { get; init; }
}
