using System.Collections.Concurrent;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Store;

/// <summary>A put whose blocks come from elsewhere, known by their hashes.</summary>
/// <param name="offer">The model.</param>
/// <param name="source">Where its blocks come from.</param>
/// <param name="arriving">The models that are on their way, for those who want blocks of them.</param>
internal sealed class ReceivePlan(ModelOffer offer, IBlockSource source, ConcurrentDictionary<ModelId, ArrivingModel> arriving) : IPutPlan
{
    public Manifest Manifest => offer.Manifest;

    public long Bytes => offer.Bytes;

    public bool IsReceived => true;

    /// <summary>Bytes that were written, those of an attempt that came to nothing among them.</summary>
    public long Moved { get; private set; }

    public long LengthOf(BlockId block) => offer.LengthOf(block);

    public async Task WriteAsync(SegmentGroup group, PutMeter meter, CancellationToken cancellationToken)
    {
        var writers = group.Open(meter, cancellationToken);
        var model = new ArrivingModel(Manifest, writers);
        try
        {
            if (writers.Count > 0)
            {
                arriving.TryAdd(Manifest.Id, model);
                await source.WriteAsync(writers, cancellationToken).ConfigureAwait(false);
            }

            if (writers.FirstOrDefault(writer => !writer.IsComplete) is { } missing)
            {
                throw new InvalidModelException(
                    $"Block {missing.Id} of model {Manifest.Id} was not received: {missing.Position} of {missing.Length} bytes.");
            }
        }
        finally
        {
            arriving.TryRemove(KeyValuePair.Create(Manifest.Id, model));
            model.End();
            Moved += writers.Sum(writer => writer.Position);
            foreach (var writer in writers)
            {
                writer.Dispose();
            }
        }
    }
}
