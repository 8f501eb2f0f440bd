using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary>Runs a handler and turns what it throws into the protocol's <c>{"error": …}</c> with the right status.</summary>
internal sealed class ErrorBoundary(ServingOptions options, ILogger logger)
{
    public async Task RunAsync(HttpContext context, string method, RequestDelegate handler)
    {
        try
        {
            if (context.Request.Protocol == HttpProtocol.Http10 && context.Request.Headers.TransferEncoding.Count > 0)
            {
                // Its sender may not know chunks, and see its end elsewhere (RFC 9112, 6.1).
                context.Response.Headers.Connection = "close";
            }

            // Who asks for the head alone, as probes do, gets that of GET: the server sends no body then.
            var takesHead = method == HttpMethods.Get;
            if (context.Request.Method != method && !(takesHead && HttpMethods.IsHead(context.Request.Method)))
            {
                context.Response.Headers.Allow = takesHead ? $"{method}, {HttpMethods.Head}" : method;
                throw new RequestException(
                    StatusCodes.Status405MethodNotAllowed, $"{context.Request.Path} takes {method}, not {context.Request.Method}.");
            }

            if (!options.AllowsOtherSites && method != HttpMethods.Get && OtherSite.IsSender(context.Request))
            {
                throw new RequestException(
                    StatusCodes.Status403Forbidden,
                    "A page of another site may not send this; a browser may send it from a page of this server.");
            }

            await handler(context).ConfigureAwait(false);
        }
        catch (Exception error) when (context.RequestAborted.IsCancellationRequested || error is RequestException { IsBroken: true })
        {
            // Nobody is left to tell, and the call was cancelled with the request. The server has nothing to read there either.
            context.Abort();
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, error).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Part of the answer is sent: a connection that breaks is the only way left to say that it is none.
            logger.LogError(error, "The answer to {Path} broke off", context.Request.Path);
            context.Abort();
        }
    }

    private Task AnswerAsync(HttpContext context, Exception error)
    {
        var failure = Failure.Of(error);
        if (failure.Kind is { } kind)
        {
            context.Response.Headers[Failure.Header] = kind.ToString();
        }

        if (error.InnerException is BadHttpRequestException && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            // No further request comes behind a body that broke off.
            context.Response.Headers.Connection = "close";
        }

        if (failure.IsOurs)
        {
            logger.LogError(error, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
        }

        if (failure.IsForNow)
        {
            context.Response.Headers.RetryAfter =
                Math.Max(1, Math.Ceiling(options.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return JsonAnswer.SendErrorAsync(context.Response, failure);
    }
}
