using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Hashing;

namespace ZeroCopy.Store;

/// <summary>What a put comes to once everything is hashed: the manifest, and for each distinct block a source that has its bytes.</summary>
internal sealed class PutPlan : IPutPlan
{
    private PutPlan(Manifest manifest, IReadOnlyDictionary<BlockId, HashedSource> sources, long bytes)
    {
        Manifest = manifest;
        Sources = sources;
        Bytes = bytes;
    }

    public Manifest Manifest { get; }

    public long Bytes { get; }

    public bool IsReceived => false;

    /// <summary>For each distinct block a source that has its bytes.</summary>
    public IReadOnlyDictionary<BlockId, HashedSource> Sources { get; }

    public long LengthOf(BlockId block) => Sources[block].Length;

    public Task WriteAsync(SegmentGroup group, PutMeter meter, CancellationToken cancellationToken)
    {
        group.Write(Sources, meter, cancellationToken);
        return Task.CompletedTask;
    }

    /// <exception cref="ArgumentException">The content has no recipe, or two tensors share a name.</exception>
    public static PutPlan Hash(ModelContent content, PutMeter meter, CancellationToken cancellationToken)
    {
        var sources = content.Tensors.ToList();
        if (content.ScriptSkeleton is { } skeleton)
        {
            sources.Add(skeleton);
        }
        else if (content.Recipe is null or Recipe.Script)
        {
            throw new ArgumentException("A put needs a recipe, or the script skeleton that becomes one.", nameof(content));
        }

        var hashes = BlockHasher.Hash(sources, checks: true, meter.Hashed, cancellationToken);
        var recipe = content.ScriptSkeleton is null ? content.Recipe! : new Recipe.Script(hashes[^1].Id);
        var entries = content.Tensors.SelectMany((tensor, i) => tensor.Entries(hashes[i].Id))
            .Concat(content.SkeletonTensors.Select(tensor => tensor with { Block = hashes[^1].Id }));
        var distinct = new Dictionary<BlockId, HashedSource>(sources.Count);
        for (var i = 0; i < sources.Count; i++)
        {
            distinct.TryAdd(hashes[i].Id, new HashedSource(sources[i], hashes[i].Check));
        }

        return new PutPlan(
            new Manifest(recipe, entries, content.Metadata), distinct, distinct.Values.Sum(source => source.Length));
    }
}
