using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary>Reads small requests: an object in JSON, or nothing at all.</summary>
internal static class JsonBody
{
    /// <summary>Takes a field, whose value was read last.</summary>
    public delegate void TakeField(ref JsonCursor json, string name, FieldPlace place);

    /// <exception cref="RequestException">The body is not such an object, or too large.</exception>
    public static async Task ReadAsync(HttpRequest request, ServingOptions options, TakeField take)
    {
        var body = RequestBody.Open(request, options);
        await using (body.ConfigureAwait(false))
        {
            var json = await body.ReadTextAsync(null, request.HttpContext.RequestAborted).ConfigureAwait(false);
            try
            {
                if (!json.IsEmpty)
                {
                    Read(in json, options, take);
                }
            }
            finally
            {
                body.Take(in json);
            }
        }
    }

    private static void Read(in ReadOnlySequence<byte> json, ServingOptions options, TakeField take)
    {
        try
        {
            var cursor = new JsonCursor(in json, options.MaxJsonDepth);
            cursor.Next();
            var place = FieldPlace.Of("");
            cursor.RequireObject(place);
            var seen = new HashSet<string>();
            while (cursor.Field(seen, place) is { } name)
            {
                take(ref cursor, name, place.At(name));
            }

            cursor.End();
        }
        catch (JsonException e)
        {
            throw RequestException.NotJson(e);
        }
    }
}
