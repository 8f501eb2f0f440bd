using Microsoft.AspNetCore.Http;

namespace ZeroCopy.Serving.Http;

/// <summary>
/// Requests that a browser sends for a page of another site: with its user's access to this server, and without their will.
/// </summary>
internal static class OtherSite
{
    /// <summary>
    /// By what browsers say of the page that sends a request, and nothing else does: <c>Sec-Fetch-Site</c>, which they send to safe origins
    /// alone, else <c>Origin</c>.
    /// </summary>
    public static bool IsSender(HttpRequest request) => request.Headers["Sec-Fetch-Site"] switch
    {
        ["cross-site" or "same-site"] => true,
        [] => request.Headers.Origin is [{ } origin, ..] && !IsOf(origin, request.Host),
        _ => false,
    };

    // Without the scheme, which whoever ends TLS in front of a server changes.
    private static bool IsOf(string origin, HostString host) =>
        origin.IndexOf("://", StringComparison.Ordinal) is >= 0 and var end
        && string.Equals(origin[(end + 3)..], host.Value, StringComparison.OrdinalIgnoreCase);
}
