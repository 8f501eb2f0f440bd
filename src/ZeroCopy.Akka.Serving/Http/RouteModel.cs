using Microsoft.AspNetCore.Http;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;

namespace ZeroCopy.Serving.Http;

/// <summary>The model that a request's path names.</summary>
internal static class RouteModel
{
    /// <summary>The name: everything is decoded but the slash, which would be one of the path.</summary>
    public static string Name(this HttpRequest request) =>
        ((string)request.RouteValues["name"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The version; null where the path has none.</summary>
    public static string? Version(this HttpRequest request) => (string?)request.RouteValues["version"];

    /// <exception cref="Protocol.RequestException">There is no such model, or the version is no number.</exception>
    public static ValueTask<IModelEndpoint> FindAsync(this Models models, HttpContext context) =>
        models.FindAsync(context.Request.Name(), context.Request.Version(), context.RequestAborted);
}
