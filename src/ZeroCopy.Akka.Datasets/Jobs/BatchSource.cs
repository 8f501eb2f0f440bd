using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>Cuts a dataset into batches that count from its first row, across the borders of chunks and files. Not thread-safe.</summary>
/// <param name="reader">The dataset, at the row <paramref name="first"/>.</param>
/// <param name="batchSize">Rows of a batch.</param>
/// <param name="first">Number of the next row.</param>
/// <param name="limit">How many rows of the dataset count; null for all.</param>
internal sealed class BatchSource(DatasetReader reader, int batchSize, long first, long? limit)
{
    private readonly Queue<(RowChunk Rows, double Share, double ShareBefore)> _read = new();
    private int _taken;
    private long _next = first;
    private int _rows;
    private double? _share;

    /// <summary>The next batch, the last one perhaps smaller; null after it.</summary>
    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancellationToken)
    {
        var wanted = limit is { } most ? (int)Math.Min(batchSize, Math.Max(0, most - _next)) : batchSize;
        while (_rows < wanted && await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } chunk)
        {
            // What was passed over before the first chunk took as much a row as that.
            var read = reader.ReadShare;
            _read.Enqueue((chunk, read, _share ?? read * _next / (_next + chunk.Rows)));
            _share = read;
            _rows += chunk.Rows;
        }

        var count = Math.Min(wanted, _rows);
        if (count == 0)
        {
            return null;
        }

        var (rows, share) = Take(count);
        var batch = new RowBatch(_next, rows, share);
        _next += count;
        return batch;
    }

    // The share ends in a chunk where its rows would, if all took as many bytes.
    private (RowChunk Rows, double Share) Take(int count)
    {
        var parts = new List<RowChunk>();
        var end = 0.0;
        _rows -= count;
        while (count > 0)
        {
            var (chunk, share, before) = _read.Peek();
            var part = Math.Min(count, chunk.Rows - _taken);
            parts.Add(chunk.Slice(_taken, part));
            count -= part;
            _taken += part;
            end = before + ((share - before) * _taken / chunk.Rows);
            if (_taken == chunk.Rows)
            {
                _read.Dequeue();
                _taken = 0;
            }
        }

        return (RowChunk.Concat(parts), end);
    }
}
