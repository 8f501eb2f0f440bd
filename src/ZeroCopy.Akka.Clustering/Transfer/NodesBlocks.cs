using System.Runtime.ExceptionServices;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// The blocks of a model on several nodes. Each node takes the next of those that are left when it has done with the last.
/// </summary>
internal sealed class NodesBlocks(ModelId model, IReadOnlyList<TransferSource> sources, TransferOptions options) : IBlockSource
{
    public async Task WriteAsync(IReadOnlyList<BlockWriter> blocks, CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var queue = new TransferQueue(blocks.Select(block => new IncomingBlock(block)), options.RequestBytes);
        var workers = sources.Where(source => source.Reason is null)
            .SelectMany(source => Enumerable.Range(0, options.RequestsPerSource).Select(_ => RunAsync(source, queue, failed))).ToArray();
        // All end when the last block is there, when no source is left, or when one of them failed for another reason, such as a store that
        // is full.
        await Task.WhenAll(workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (workers.Select(worker => worker.Exception?.InnerException).FirstOrDefault(error => error is not null) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!queue.IsDone)
        {
            throw TransferException.Of(model, sources);
        }
    }

    private async Task RunAsync(TransferSource source, TransferQueue queue, CancellationTokenSource failed)
    {
        while (source.Reason is null && await queue.TakeAsync(failed.Token).ConfigureAwait(false) is { Count: > 0 } blocks)
        {
            var isBusy = false;
            try
            {
                await source.ReceiveAsync(blocks, failed.Token).ConfigureAwait(false);
            }
            catch (SourceException e)
            {
                source.Fail(e);
                isBusy = e.IsBusy;
            }
            catch
            {
                await failed.CancelAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                queue.Return(blocks);
            }

            if (isBusy)
            {
                await Task.Delay(options.BusyPause, options.TimeProvider, failed.Token).ConfigureAwait(false);
            }
        }
    }
}
