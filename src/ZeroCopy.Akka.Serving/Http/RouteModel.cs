using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;

namespace ZeroCopy.Serving.Http;

/// <summary>The model that a request's path names.</summary>
internal static class RouteModel
{
    private const string Slash = "%2F";

    /// <summary>
    /// The name. The server decodes everything but a slash, so that one and the text of one look alike: what was sent tells them apart.
    /// </summary>
    public static string Name(this HttpRequest request)
    {
        var name = (string)request.RouteValues["name"]!;
        if (!name.Contains(Slash, StringComparison.OrdinalIgnoreCase))
        {
            return name;
        }

        var sent = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0].Split('/') ?? [];
        var segment = sent.FirstOrDefault(segment =>
            Uri.UnescapeDataString(segment.Replace(Slash, "%25" + Slash[1..], StringComparison.OrdinalIgnoreCase))
                .Equals(name, StringComparison.OrdinalIgnoreCase));
        return segment is null ? name.Replace(Slash, "/", StringComparison.OrdinalIgnoreCase) : Uri.UnescapeDataString(segment);
    }

    /// <summary>The version; null where the path has none.</summary>
    public static string? Version(this HttpRequest request) => (string?)request.RouteValues["version"];

    /// <exception cref="Protocol.RequestException">There is no such model, or the version is no number.</exception>
    public static ValueTask<IModelEndpoint> FindAsync(this Models models, HttpContext context) =>
        models.FindAsync(context.Request.Name(), context.Request.Version(), context.RequestAborted);
}
