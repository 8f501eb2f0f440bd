using System.Net;
using ZeroCopy.Client.Http;

namespace ZeroCopy.Client.Hosting;

/// <summary>Which calls are made again.</summary>
internal static class Retries
{
    public static bool IsDue(HttpRequestMessage? request, HttpResponseMessage? response, Exception? error)
    {
        if (request is null || !request.Options.TryGetValue(InferenceHttpClient.IsIdempotent, out var isIdempotent))
        {
            return false;
        }

        return error is null
            ? response?.StatusCode == HttpStatusCode.TooManyRequests
                || (isIdempotent && response?.StatusCode == HttpStatusCode.ServiceUnavailable)
            : error is HttpRequestException http && (isIdempotent || IsUnsent(http));
    }

    private static bool IsUnsent(HttpRequestException error) => error.HttpRequestError is
        HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError
        or HttpRequestError.ProxyTunnelError;
}
