using System.Globalization;
using System.Text.Json;
using ZeroCopy.Client.Memory;

namespace ZeroCopy.Client.Http;

/// <summary>The body of a server's answer, never more of it than the limit. Read once, forwards.</summary>
/// <param name="stream">The body.</param>
/// <param name="length">Its bytes as the header says; null where it does not.</param>
/// <param name="limit">Most bytes.</param>
internal sealed class AnswerBody(Stream stream, long? length, long limit)
{
    /// <summary>Bytes of the JSON where binary tensors follow it.</summary>
    public const string JsonLengthHeader = "Inference-Header-Content-Length";

    private const int FirstStep = 4096;
    private static readonly JsonDocumentOptions JsonOptions = new() { MaxDepth = 64 };

    private long _taken;

    /// <summary>Most bytes that may still come.</summary>
    public long Remaining => (length ?? limit) - _taken;

    /// <exception cref="InferenceServerException">The answer is too large, as its header says.</exception>
    public static async Task<AnswerBody> OpenAsync(HttpResponseMessage response, long limit, CancellationToken cancellationToken)
    {
        var length = response.Content.Headers.ContentLength;
        return length > limit
            ? throw TooLarge(limit)
            : new AnswerBody(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), length, limit);
    }

    /// <summary>The length of the answer's JSON; null where it has no header for it, and is JSON alone.</summary>
    /// <exception cref="InferenceServerException">The header is no such length.</exception>
    public int? JsonLength(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues(JsonLengthHeader, out var values)
            && !response.Content.Headers.TryGetValues(JsonLengthHeader, out values))
        {
            return null;
        }

        var text = string.Join(",", values);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Remaining
            ? number
            : throw InferenceServerException.NotProtocol(
                $"its header {JsonLengthHeader} is '{text}', but the body has {Remaining} bytes at most");
    }

    /// <summary>Reads the first bytes as JSON, or all where none are counted. The document lives as long as the memory.</summary>
    /// <exception cref="InferenceServerException">They are no JSON, too many, or fewer than counted.</exception>
    public async Task<JsonDocument> ReadJsonAsync(int? jsonLength, RentedMemory memory, CancellationToken cancellationToken)
    {
        var json = jsonLength is { } bytes
            ? await ReadExactlyAsync(bytes, "JSON", memory, cancellationToken).ConfigureAwait(false)
            : await ReadAllAsync(memory, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonDocument.Parse(json, JsonOptions);
        }
        catch (JsonException e)
        {
            throw InferenceServerException.NotProtocol(
                $"it is no JSON of {JsonOptions.MaxDepth} levels at most ({e.Message.TrimEnd('.')}): "
                + $"'{ServerFailure.Excerpt(json.Span)}'",
                e);
        }
    }

    /// <summary>Reads a number of bytes that the answer has promised.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="what">What they are, for the message.</param>
    /// <param name="memory">Where their memory comes from.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InferenceServerException">There are fewer.</exception>
    public async Task<Memory<byte>> ReadExactlyAsync(
        long bytes, string what, RentedMemory memory, CancellationToken cancellationToken)
    {
        if (bytes > Remaining || bytes > Array.MaxLength)
        {
            throw InferenceServerException.NotProtocol($"its {what} takes {bytes} bytes, but {Remaining} can follow");
        }

        var buffer = memory.Rent((int)bytes);
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        _taken += read;
        return read == buffer.Length
            ? buffer
            : throw InferenceServerException.NotProtocol($"its {what} takes {bytes} bytes, but it ends after {read}");
    }

    /// <summary>Requires that nothing follows.</summary>
    /// <exception cref="InferenceServerException">There are further bytes.</exception>
    public async Task RequireEndAsync(CancellationToken cancellationToken)
    {
        var one = new byte[1];
        if (await stream.ReadAsync(one, cancellationToken).ConfigureAwait(false) > 0)
        {
            throw InferenceServerException.NotProtocol("it goes on behind its last tensor");
        }
    }

    private async Task<Memory<byte>> ReadAllAsync(RentedMemory memory, CancellationToken cancellationToken)
    {
        var (buffer, read) = (memory.Rent((int)Math.Clamp(length + 1 ?? FirstStep, FirstStep, Array.MaxLength)), 0);
        while (true)
        {
            var got = await stream.ReadAsync(buffer[read..], cancellationToken).ConfigureAwait(false);
            read += got;
            if (got == 0)
            {
                return buffer[..read];
            }

            if (read > limit)
            {
                throw TooLarge(limit);
            }

            if (read == buffer.Length)
            {
                var larger = memory.Rent((int)Math.Min(2L * buffer.Length, Array.MaxLength));
                buffer.CopyTo(larger);
                buffer = larger;
            }
        }
    }

    private static InferenceServerException TooLarge(long limit) => new(
        InferenceError.TooLarge,
        $"The server's answer has more bytes than {limit} ({nameof(InferenceClientOptions)}."
        + $"{nameof(InferenceClientOptions.MaxAnswerBytes)}).");
}
