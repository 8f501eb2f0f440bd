using Microsoft.AspNetCore.HttpLogging;

namespace ZeroCopy.Node.Service;

/// <summary>Adds the name behind a caller's key to the log of requests.</summary>
internal sealed class CallerNames : IHttpLoggingInterceptor
{
    public ValueTask OnRequestAsync(HttpLoggingInterceptorContext logContext) => default;

    public ValueTask OnResponseAsync(HttpLoggingInterceptorContext logContext)
    {
        if (logContext.HttpContext.User.Identity?.Name is { } name)
        {
            logContext.AddParameter("Caller", name);
        }

        return default;
    }
}
