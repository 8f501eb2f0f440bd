namespace ZeroCopy.Store.Files;

/// <summary>The parts of a store whose changes are counted apart, so that a reader rescans only what changed.</summary>
internal enum StoreArea
{
    Segments,
    Manifests,
    Names,
}
