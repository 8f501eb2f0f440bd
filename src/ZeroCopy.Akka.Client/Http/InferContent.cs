using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;

namespace ZeroCopy.Client.Http;

/// <summary>
/// The body of a call: its JSON, then the inputs' bytes from where they lie. May be sent again: nothing of it is used up.
/// </summary>
internal sealed class InferContent : HttpContent
{
    private readonly ImmutableArray<InferInput> _sent;
    private readonly ArrayBufferWriter<byte> _json = new(512);

    /// <exception cref="ArgumentException">A parameter's value or an element has no form in JSON.</exception>
    public InferContent(InferRequest request, bool isBinary)
    {
        _sent = isBinary ? [.. request.Inputs.Where(static input => input.SharedMemory is null)] : [];
        InferRequestJson.Write(request, isBinary, _json);
        Headers.ContentType = new MediaTypeHeaderValue(_sent.Length > 0 ? "application/octet-stream" : "application/json");
    }

    /// <summary>Bytes of the JSON where others follow it; null where the body is JSON alone.</summary>
    public int? JsonLength => _sent.Length > 0 ? _json.WrittenCount : null;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_json.WrittenMemory, cancellationToken).ConfigureAwait(false);
        foreach (var input in _sent)
        {
            await stream.WriteAsync(input.Data, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _json.WrittenCount;
        foreach (var input in _sent)
        {
            length += input.Data.Length;
        }

        return true;
    }
}
