using System.Buffers;
using System.Net;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Receiving;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>A node that a model is received from. For several requests at a time; <see cref="Fail"/> is thread-safe.</summary>
/// <param name="client">For the requests.</param>
/// <param name="node">The node.</param>
/// <param name="model">The model.</param>
/// <param name="options">Its times.</param>
/// <param name="isPeer">Whether it receives the model itself, and comes and goes without anybody being told.</param>
internal sealed class TransferSource(HttpClient client, Uri node, ModelId model, TransferOptions options, bool isPeer = false)
{
    // One write to the segment, and one step of the hash.
    private const int BufferBytes = 256 << 10;

    private int _failures;
    private string? _reason;

    /// <summary>Why it is asked no more; null while it is.</summary>
    public string? Reason => Volatile.Read(ref _reason);

    /// <summary>The node, for messages.</summary>
    public Uri Node => node;

    /// <summary>Further nodes that receive the model, as this one said last.</summary>
    public IReadOnlyList<Uri> Others { get; private set; } = [];

    /// <summary>What the node says of the model.</summary>
    /// <exception cref="SourceException">It cannot be reached, or refuses.</exception>
    /// <exception cref="Errors.InvalidModelException">What it says is no offer of the model.</exception>
    public async Task<ModelOffer> OfferAsync(CancellationToken cancellationToken)
    {
        var json = await GetAsync("", cancellationToken).ConfigureAwait(false);
        return OfferDocument.Read(json, model);
    }

    /// <summary>The blocks that the node has now.</summary>
    /// <exception cref="SourceException">It cannot be reached, or refuses.</exception>
    public async Task<HashSet<BlockId>> MapAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var map = await GetAsync("/blocks", cancellationToken).ConfigureAwait(false);
        return BlockMap.Read(map, manifest) ?? throw new SourceException("said what blocks it has of another model");
    }

    /// <summary>
    /// Receives the rest of each block, in order. One whose bytes turn out to be others ends it; one that breaks off keeps what has come.
    /// </summary>
    /// <exception cref="SourceException">The node cannot be reached, refuses, breaks off, or sends nothing for too long.</exception>
    public async Task ReceiveAsync(IReadOnlyList<IncomingBlock> blocks, CancellationToken cancellationToken)
    {
        using var stall = new StallWatch(options, cancellationToken);
        var wanted = BlockRange.Write([.. blocks.Select(block => new BlockRange(block.Writer.Id, block.Writer.Position))]);
        using var request = Request(HttpMethod.Post, "/blocks");
        request.Content = new ByteArrayContent(wanted);
        using var response = await stall.WatchAsync(token => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token))
            .ConfigureAwait(false);
        var body = await stall.WatchAsync(async token =>
        {
            await RequireSuccessAsync(response, token).ConfigureAwait(false);
            return await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            foreach (var block in blocks)
            {
                block.From(this);
                await FillAsync(block.Writer, body, buffer, stall).ConfigureAwait(false);
                if (!block.TryComplete())
                {
                    return;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A request failed: too often in a row, and it is asked no more. One that is busy does not fail.</summary>
    public void Fail(SourceException reason)
    {
        if (reason.IsBusy)
        {
            return;
        }

        if (Interlocked.Increment(ref _failures) < options.Attempts && (isPeer || !reason.IsFinal))
        {
            return;
        }

        if (isPeer)
        {
            Interlocked.CompareExchange(ref _reason, reason.Message, null);
        }
        else
        {
            Drop(reason.Message);
        }
    }

    /// <summary>It is asked no more.</summary>
    public void Drop(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            options.Dropped?.Invoke(node, reason);
        }
    }

    private async Task<byte[]> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var stall = new StallWatch(options, cancellationToken);
        return await stall.WatchAsync(async token =>
        {
            using var request = Request(HttpMethod.Get, path);
            using var response = await client.SendAsync(request, token).ConfigureAwait(false);
            await RequireSuccessAsync(response, token).ConfigureAwait(false);
            return await response.Content.ReadAsByteArrayAsync(token).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(node, $"{TransferRoutes.Root}{model}{path}"));
        if (options.Address is { } own)
        {
            request.Headers.Add(Receivers.Own, own.ToString());
        }

        return request;
    }

    private async Task FillAsync(BlockWriter block, Stream body, byte[] buffer, StallWatch stall)
    {
        while (block.Position < block.Length)
        {
            var wanted = buffer.AsMemory(0, (int)Math.Min(buffer.Length, block.Length - block.Position));
            var read = await stall.WatchAsync(token => body.ReadAsync(wanted, token).AsTask()).ConfigureAwait(false);
            if (read == 0)
            {
                throw new SourceException("ended its answer before the last byte");
            }

            Volatile.Write(ref _failures, 0);
            block.Append(wanted.Span[..read]);
        }
    }

    private async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Headers.TryGetValues(Receivers.Others, out var others))
        {
            Others =
            [
                .. others.SelectMany(nodes => nodes.Split(','))
                    .Select(other => Uri.TryCreate(other, UriKind.Absolute, out var uri) ? uri : null)
                    .OfType<Uri>().Where(other => other.Scheme == node.Scheme),
            ];
        }

        if (!response.IsSuccessStatusCode)
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            throw new SourceException(
                $"answered {(int)response.StatusCode}: {text}",
                isFinal: (int)response.StatusCode < 500,
                isBusy: response.StatusCode == HttpStatusCode.ServiceUnavailable);
        }
    }
}
