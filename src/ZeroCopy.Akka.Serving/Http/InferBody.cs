using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Regions;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary>Reads a request for inference: its JSON, then the binary tensors behind it, straight into the tensors' memory.</summary>
internal static class InferBody
{
    /// <summary>Bytes of the JSON where binary tensors follow it; without it the body is JSON alone.</summary>
    public const string JsonLength = "Inference-Header-Content-Length";

    private const int FirstBytes = 1 << 20;
    private const int Growth = 4;

    /// <summary>The request and its inputs, whose memory is that of <paramref name="memory"/>.</summary>
    /// <exception cref="RequestException">The request cannot be read; the message says why.</exception>
    /// <exception cref="Errors.InferenceException">Its own time has passed before its binary tensors came.</exception>
    public static async ValueTask<(InferRequest Request, ImmutableArray<NamedTensor> Inputs)> ReadAsync(
        HttpRequest http, ServingOptions options, SharedRegions regions, RequestMemory memory, RequestTime time,
        CancellationToken cancellationToken)
    {
        var jsonLength = LengthOfJson(http, options);
        var body = RequestBody.Open(http, options);
        await using (body.ConfigureAwait(false))
        {
            var json = await body.ReadTextAsync(jsonLength, cancellationToken).ConfigureAwait(false);
            InferRequest request;
            try
            {
                request = new InferRequestReader(options, memory, jsonLength is not null).Read(in json);
            }
            finally
            {
                body.Take(in json);
            }

            if (request.UsesRegions)
            {
                await RegionAccess.RequireAsync(http.HttpContext, options).ConfigureAwait(false);
            }

            if (jsonLength is not null)
            {
                request = await time.WithinAsync(
                    request.Parameters.Timeout, token => ReadTensorsAsync(body, request, memory, token), cancellationToken)
                    .ConfigureAwait(false);
            }

            return regions.Open(request, memory);
        }
    }

    /// <summary>With the tensors behind the JSON.</summary>
    private static async ValueTask<InferRequest> ReadTensorsAsync(
        RequestBody body, InferRequest request, RequestMemory memory, CancellationToken cancellationToken)
    {
        var inputs = request.Inputs.ToBuilder();
        for (var at = 0; at < inputs.Count; at++)
        {
            if (inputs[at] is { Value: null, Region: null } input)
            {
                inputs[at] = input with { Value = await ReadBinaryAsync(body, input, memory, cancellationToken).ConfigureAwait(false) };
            }
        }

        return await body.HasMoreAsync(cancellationToken).ConfigureAwait(false)
            ? throw new RequestException("The body goes on behind the last binary tensor.")
            : request with { Inputs = inputs.ToImmutable() };
    }

    private static long? LengthOfJson(HttpRequest http, ServingOptions options)
    {
        if (!http.Headers.TryGetValue(JsonLength, out var values))
        {
            return null;
        }

        if (!long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            throw new RequestException($"{JsonLength} is '{values}' but must be the number of bytes of the JSON.");
        }

        return length <= options.MaxBodyBytes ? length : throw options.BodyTooLarge();
    }

    private static async Task<NamedTensor> ReadBinaryAsync(
        RequestBody body, InferInput input, RequestMemory memory, CancellationToken cancellationToken)
    {
        if (input.BinarySize > body.Remaining)
        {
            throw TooShort(input, body.Remaining);
        }

        // A size is a claim until its bytes are there: a large tensor's memory grows with what has come of it.
        var bytes = memory.Rent(Math.Min(input.BinarySize, FirstBytes));
        var filled = await body.FillAsync(bytes, cancellationToken).ConfigureAwait(false);
        while (filled == bytes.Length && filled < input.BinarySize)
        {
            bytes = memory.Grow(bytes, (int)Math.Min(input.BinarySize, (long)filled * Growth));
            filled += await body.FillAsync(bytes[filled..], cancellationToken).ConfigureAwait(false);
        }

        return filled == input.BinarySize ? BinaryTensor.Of(input, bytes) : throw TooShort(input, filled);
    }

    private static RequestException TooShort(InferInput input, long bytes) =>
        new($"The body has {bytes} bytes for input '{input.Name}', whose binary_data_size is {input.BinarySize}.");
}
