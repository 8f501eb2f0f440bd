using Microsoft.AspNetCore.Http;

namespace ZeroCopy.Serving.Http;

/// <summary>
/// Requests that a browser sends for a page of another site: with its user's access to this server, and without their will.
/// </summary>
internal static class OtherSite
{
    /// <summary>What browsers say of the page that sends a request (Fetch Metadata); nothing else sends it.</summary>
    public static bool IsSender(HttpRequest request) => request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site"];
}
