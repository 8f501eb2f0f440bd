using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Page;

/// <summary>The status as server-sent events, until the reader leaves, is too slow, or the server ends.</summary>
/// <param name="feed">The documents.</param>
/// <param name="patience">How long a reader may take to receive one.</param>
/// <param name="lifetime">Says when the application stops; null where nothing does.</param>
/// <param name="clock">Behind the patience.</param>
internal sealed class StatusHandler(StatusFeed feed, TimeSpan patience, IHostApplicationLifetime? lifetime, TimeProvider clock)
{
    /// <summary>Bytes that the kernel may hold for a reader: some documents. By itself it holds megabytes, which are minutes.</summary>
    private const int SendBuffer = 64 << 10;

    public async Task HandleAsync(HttpContext context)
    {
        if (!feed.TryEnter())
        {
            throw new RequestException(StatusCodes.Status503ServiceUnavailable, "The status page has as many readers as it takes.");
        }

        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted, lifetime?.ApplicationStopping ?? CancellationToken.None);
            BoundBuffer(context);
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            if (HttpMethods.IsHead(context.Request.Method))
            {
                return;
            }

            while (!ended.IsCancellationRequested)
            {
                await SendAsync(context, await feed.NextAsync(ended.Token).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has left, or was too slow and is cut off, or the server ends.
        }
        finally
        {
            feed.Leave();
        }
    }

    /// <summary>Not over HTTP/2, whose streams share a connection and have windows of their own.</summary>
    private static void BoundBuffer(HttpContext context)
    {
        if (HttpProtocol.IsHttp11(context.Request.Protocol) && context.Features.Get<IConnectionSocketFeature>() is { } connection)
        {
            connection.Socket.SendBufferSize = SendBuffer;
        }
    }

    private async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> document)
    {
        using var late = new CancellationTokenSource(patience, clock);
        using var cut = late.Token.Register(context.Abort);
        await context.Response.BodyWriter.WriteAsync(document, context.RequestAborted).ConfigureAwait(false);
    }
}
