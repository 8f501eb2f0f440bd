using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Torch;

/// <summary>How a live module is put.</summary>
public sealed record PutModuleOptions
{
    /// <summary>Name, pin and deadline.</summary>
    public PutOptions Put { get; init; } = new();

    /// <summary>
    /// Binds the given module itself to the shared blocks, which frees its private weights: for a caller that hands the module over.
    /// Otherwise the module is left as it is.
    /// </summary>
    public bool Rebind { get; init; }

    /// <summary>The catalog entry that builds this module elsewhere; null where only this process or a factory can.</summary>
    public Recipe.Catalog? Recipe { get; init; }
}
