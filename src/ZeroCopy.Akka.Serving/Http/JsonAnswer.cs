using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Calls;

namespace ZeroCopy.Serving.Http;

/// <summary>Answers that are JSON.</summary>
internal static class JsonAnswer
{
    public const string ContentType = "application/json";

    /// <summary>Not for a page to hold, so nothing but JSON's own characters is escaped.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Sends an object whose fields are written, with status 200.</summary>
    public static Task SendAsync(HttpResponse response, Action<Utf8JsonWriter> write) =>
        SendAsync(response, StatusCodes.Status200OK, write);

    /// <summary>Sends an object whose fields are written.</summary>
    public static Task SendAsync(HttpResponse response, int status, Action<Utf8JsonWriter> write) =>
        SendValueAsync(response, status, writer =>
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        });

    /// <summary>Sends a value.</summary>
    public static async Task SendValueAsync(HttpResponse response, int status, Action<Utf8JsonWriter> write)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, WriterOptions))
        {
            write(writer);
        }

        response.StatusCode = status;
        response.ContentType = ContentType;
        response.ContentLength = text.Length;
        var json = text.GetBuffer().AsMemory(0, (int)text.Length);
        await response.Body.WriteAsync(json, response.HttpContext.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sends what went wrong.</summary>
    public static Task SendErrorAsync(HttpResponse response, Failure failure) =>
        SendAsync(response, failure.Status, writer => writer.WriteString("error", failure.Message));
}
