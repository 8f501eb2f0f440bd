using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Regions;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary>The regions of shared memory.</summary>
internal sealed class RegionHandler(SharedRegions regions, ServingOptions options)
{
    /// <summary>One region, or all.</summary>
    public Task StatusAsync(HttpContext context)
    {
        var listed = regions.List(RegionName(context));
        return JsonAnswer.SendValueAsync(context.Response, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartArray();
            foreach (var (name, region) in listed)
            {
                Write(writer, name, region);
            }

            writer.WriteEndArray();
        });
    }

    public async Task RegisterAsync(HttpContext context)
    {
        string? key = null;
        var (offset, size) = (0L, 0L);
        await JsonBody.ReadAsync(context.Request, options, (ref JsonCursor json, string name, FieldPlace place) =>
        {
            switch (name)
            {
                case "key":
                    key = json.Name(place);
                    break;
                case "offset":
                    offset = json.Count(place);
                    break;
                case "byte_size":
                    size = json.Count(place);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }).ConfigureAwait(false);
        regions.Register(RegionName(context), key ?? throw JsonCursor.Missing(FieldPlace.Of(""), "key"), offset, size);
        await JsonAnswer.SendAsync(context.Response, static _ => { }).ConfigureAwait(false);
    }

    /// <summary>One region, or all.</summary>
    public Task UnregisterAsync(HttpContext context)
    {
        regions.Unregister(RegionName(context));
        return JsonAnswer.SendAsync(context.Response, static _ => { });
    }

    /// <summary>Empty where the path has none.</summary>
    private static string RegionName(HttpContext context) =>
        context.Request.RouteValues.ContainsKey("name") ? context.Request.Name() : "";

    private static void Write(Utf8JsonWriter writer, string name, SharedRegion region)
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        writer.WriteString("key", region.Key);
        writer.WriteNumber("offset", region.Offset);
        writer.WriteNumber("byte_size", region.Size);
        writer.WriteEndObject();
    }
}
