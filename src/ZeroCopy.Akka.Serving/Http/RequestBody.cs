using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary>
/// A request's body, decompressed where it is compressed, and never more of it than the options allow. Read once, forwards. What was read
/// is taken also where the request is refused: a connection whose request is still being read is closed behind the answer.
/// </summary>
internal sealed class RequestBody : IAsyncDisposable
{
    // What is decompressed in one turn on a thread.
    private static readonly StreamPipeReaderOptions Pieces = new(bufferSize: 64 << 10);

    private readonly PipeReader _pipe;
    private readonly ServingOptions _options;
    private readonly long _most;
    private readonly bool _isDecompressed;
    private long _taken;

    private RequestBody(PipeReader pipe, ServingOptions options, long? length, bool isDecompressed)
    {
        _pipe = pipe;
        _options = options;
        _most = length ?? options.MaxBodyBytes;
        _isDecompressed = isDecompressed;
    }

    /// <summary>Most bytes that may still come: what the body's length says, or the limit where it has none.</summary>
    public long Remaining => _most - _taken;

    /// <exception cref="RequestException">The body is too large as its header says, or compressed in a way that is not known.</exception>
    public static RequestBody Open(HttpRequest request, ServingOptions options)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        var isPlain = encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // The limit is kept here. The server would close the connection at its own while the client still sends, and the client
            // would not see the answer. But compressed, a body may have no end, and nothing in it.
            limit.MaxRequestBodySize = isPlain ? null : options.MaxBodyBytes;
        }

        if (request.ContentLength > options.MaxBodyBytes)
        {
            throw options.BodyTooLarge();
        }

        return encoding.ToLowerInvariant() switch
        {
            _ when isPlain => new RequestBody(request.BodyReader, options, request.ContentLength, isDecompressed: false),
            "gzip" or "x-gzip" => Decompressed(new GZipStream(request.Body, CompressionMode.Decompress), options),
            "deflate" => Decompressed(new ZLibStream(request.Body, CompressionMode.Decompress), options),
            _ => throw new RequestException(415, $"Content-Encoding is '{encoding}' but must be gzip, deflate or identity."),
        };
    }

    /// <summary>Reads the first bytes, or all where none are counted; valid until <see cref="Take"/>.</summary>
    /// <exception cref="RequestException">The body is too large, or ends too early.</exception>
    public async ValueTask<ReadOnlySequence<byte>> ReadTextAsync(long? length, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.Buffer.Length >= length)
            {
                return result.Buffer.Slice(0, length.Value);
            }

            if (result.IsCompleted && length is null)
            {
                return result.Buffer;
            }

            var read = result.Buffer.Length;
            _pipe.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                throw new RequestException($"Inference-Header-Content-Length is {length}, but the body has {read} bytes.");
            }
        }
    }

    /// <summary>Goes on behind what <see cref="ReadTextAsync"/> read.</summary>
    public void Take(in ReadOnlySequence<byte> text)
    {
        _taken += text.Length;
        _pipe.AdvanceTo(text.End);
    }

    /// <summary>Fills memory with the next bytes, from the pipe's buffers; the number of them, which is less where the body ends.</summary>
    public async ValueTask<int> FillAsync(Memory<byte> memory, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (filled < memory.Length)
        {
            var result = await ReadAsync(cancellationToken).ConfigureAwait(false);
            var part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, memory.Length - filled));
            part.CopyTo(memory.Span[filled..]);
            filled += (int)part.Length;
            Take(part);
            if (result.IsCompleted && result.Buffer.Length == part.Length)
            {
                break;
            }
        }

        return filled;
    }

    /// <summary>Whether the body has further bytes.</summary>
    public async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await ReadAsync(cancellationToken).ConfigureAwait(false);
            _pipe.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (!result.Buffer.IsEmpty || result.IsCompleted)
            {
                return !result.Buffer.IsEmpty;
            }
        }
    }

    /// <summary>The request's own pipe is the server's to complete.</summary>
    public ValueTask DisposeAsync() => _isDecompressed ? _pipe.CompleteAsync() : ValueTask.CompletedTask;

    private static RequestBody Decompressed(Stream stream, ServingOptions options) =>
        new(PipeReader.Create(stream, Pieces), options, length: null, isDecompressed: true);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_isDecompressed)
            {
                // Few bytes that are there already become many: others have their turn in between.
                await Task.Yield();
            }

            var result = await ReadPipeAsync(cancellationToken).ConfigureAwait(false);
            if (_taken + result.Buffer.Length <= _options.MaxBodyBytes)
            {
                return result;
            }

            _pipe.AdvanceTo(result.Buffer.End);
            throw _options.BodyTooLarge();
        }
        catch (InvalidDataException e)
        {
            throw new RequestException(
                "The body is not compressed as its Content-Encoding says, or damaged: it cannot be decompressed.", e);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw _options.BodyTooLarge();
        }
        catch (BadHttpRequestException e)
        {
            throw new RequestException(e.StatusCode, $"The body cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        catch (IOException e)
        {
            throw new RequestException($"The body cannot be read: {e.Message.TrimEnd('.')}.", e) { IsBroken = true };
        }
    }

    /// <summary>
    /// Reads, and leaves the pipe as one that is not being read where that is cancelled: the server goes on with it. The server itself
    /// wakes who waits when it begins to stop; what still comes is read then. A large body has many reads.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadPipeAsync(CancellationToken cancellationToken)
    {
        for (var isWoken = false; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reading = _pipe.ReadAsync(CancellationToken.None);
            using (reading.IsCompleted
                ? default : cancellationToken.UnsafeRegister(static pipe => ((PipeReader)pipe!).CancelPendingRead(), _pipe))
            {
                try
                {
                    var result = await reading.ConfigureAwait(false);
                    if (!result.IsCanceled)
                    {
                        return result;
                    }

                    _pipe.AdvanceTo(result.Buffer.Start);
                }
                catch (OperationCanceledException) when (_isDecompressed && !isWoken && !cancellationToken.IsCancellationRequested)
                {
                    // As a stream, behind which a compressed body lies, says that it was woken.
                    isWoken = true;
                }
                catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
                {
                    throw new RequestException("The connection was closed.", e) { IsBroken = true };
                }
            }
        }
    }
}
