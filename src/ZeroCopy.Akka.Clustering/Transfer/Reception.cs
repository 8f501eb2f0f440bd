using System.Runtime.ExceptionServices;
using ZeroCopy.Clocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>The requests of one receive. Runs once.</summary>
internal sealed class Reception(
    Manifest manifest, IReadOnlyList<TransferSource> sources, Func<Uri, TransferSource> toPeer, TransferQueue queue,
    TransferOptions options, CancellationToken cancellationToken) : IDisposable
{
    // When something fails, and when nothing is left to do: who asks another receiver then waits for nothing any more.
    private readonly CancellationTokenSource _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly Lock _lock = new();
    private readonly HashSet<Uri> _known = [.. sources.Select(source => source.Node)];
    private readonly List<Task> _workers = [];

    private bool IsAlone => sources.All(source => source.Reason is not null);

    /// <summary>
    /// Ends when the last block is there, when no node is left that has one, or when something else failed, such as a store that is full.
    /// </summary>
    public async Task RunAsync()
    {
        foreach (var source in sources.Where(source => source.Reason is null))
        {
            for (var request = 0; request < options.RequestsPerSource; request++)
            {
                Start(FromSourceAsync(source));
            }

            Meet(source);
        }

        // Workers come while others run.
        for (var ended = 0; Started() is var workers && workers.Length > ended; ended = workers.Length)
        {
            await Task.WhenAll(workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (Started().Select(worker => worker.Exception?.InnerException).FirstOrDefault(error => error is not null) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    public void Dispose() => _ended.Dispose();

    private void Start(Task worker)
    {
        lock (_lock)
        {
            _workers.Add(worker);
        }
    }

    private Task[] Started()
    {
        lock (_lock)
        {
            return [.. _workers];
        }
    }

    /// <summary>Asks the receivers too that a node knows of.</summary>
    private void Meet(TransferSource source)
    {
        foreach (var node in source.Others)
        {
            lock (_lock)
            {
                if (node == options.Address || _known.Count >= sources.Count + options.MostPeers || !_known.Add(node))
                {
                    continue;
                }
            }

            Start(FromPeerAsync(toPeer(node)));
        }
    }

    private async Task FromSourceAsync(TransferSource source)
    {
        while (source.Reason is null && await queue.TakeAsync(_ended.Token).ConfigureAwait(false) is { Count: > 0 } blocks)
        {
            if (await ReceiveAsync(source, blocks).ConfigureAwait(false) is { IsBusy: true })
            {
                await Task.Delay(options.BusyPause, options.TimeProvider, _ended.Token).ConfigureAwait(false);
            }
        }
    }

    // It has more blocks each time that it is asked.
    private async Task FromPeerAsync(TransferSource peer)
    {
        var last = options.TimeProvider.GetTimestamp();
        while (peer.Reason is null)
        {
            IReadOnlyList<IncomingBlock> blocks = [];
            try
            {
                blocks = queue.Take(await peer.MapAsync(manifest, _ended.Token).ConfigureAwait(false));
            }
            catch (SourceException e)
            {
                peer.Fail(e);
            }

            if (blocks.Count > 0 && await ReceiveAsync(peer, blocks).ConfigureAwait(false) is null)
            {
                last = options.TimeProvider.GetTimestamp();
                continue;
            }

            if (IsAlone && Durations.OrNone(options.StallTimeout) is { } limit && options.TimeProvider.GetElapsedTime(last) > limit)
            {
                // It may wait for what this node has not either.
                return;
            }

            await Task.Delay(options.BusyPause, options.TimeProvider, _ended.Token).ConfigureAwait(false);
        }
    }

    private async Task<SourceException?> ReceiveAsync(TransferSource source, IReadOnlyList<IncomingBlock> blocks)
    {
        try
        {
            await source.ReceiveAsync(blocks, _ended.Token).ConfigureAwait(false);
            return null;
        }
        catch (SourceException e)
        {
            source.Fail(e);
            return e;
        }
        catch
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            queue.Return(blocks);
            Meet(source);
            if (queue.IsDone)
            {
                await _ended.CancelAsync().ConfigureAwait(false);
            }
        }
    }
}
