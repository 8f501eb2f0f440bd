using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary>What the server is.</summary>
internal sealed class ServerHandler(ServingOptions options)
{
    public Task MetadataAsync(HttpContext context) => JsonAnswer.SendAsync(context.Response, writer =>
    {
        writer.WriteString("name", ServerIdentity.Name);
        writer.WriteString("version", ServerIdentity.Version);
        writer.WriteStartArray("extensions");
        foreach (var extension in ServerIdentity.Extensions(options))
        {
            writer.WriteStringValue(extension);
        }

        writer.WriteEndArray();
    });
}
