using System.Collections.Immutable;

namespace ZeroCopy.Torch.Instances;

/// <summary>An answer that was copied to managed memory: there is nothing native in it that somebody would have to free.</summary>
/// <param name="Parts">Its outputs.</param>
internal sealed record HostAnswer(ImmutableArray<NamedTensor> Parts)
{
    /// <summary>
    /// What is not larger, in bytes, is copied there: a native tensor for it takes longer to make and to free than to copy it. Larger ones
    /// would go to the heap of large objects, which is collected with everything else.
    /// </summary>
    public const int Largest = 64 << 10;
}
