using ZeroCopy.Content;
using ZeroCopy.Manifests;

namespace ZeroCopy.TestSupport;

/// <summary>A model that every process makes alike from a seed.</summary>
public static class SharedModel
{
    /// <summary>Two tensors of about half the bytes each.</summary>
    public static ModelContent Content(int seed, int bytes) => new()
    {
        Tensors = [ArrayTensorSource.Random("a", bytes / 2, seed), ArrayTensorSource.Random("b", bytes - (bytes / 2), seed + 1)],
        Recipe = new Recipe.Weights("Shared", ""),
    };
}
