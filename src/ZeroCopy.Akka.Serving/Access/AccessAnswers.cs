using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Http;
using ZeroCopy.Serving.Rpc;

namespace ZeroCopy.Serving.Access;

/// <summary>
/// Tells those whom a policy keeps out why, in the protocol's words: schemes such as JWT say it in a header alone, and no gRPC client reads
/// the body of an answer that is none of gRPC.
/// </summary>
internal sealed class AccessAnswers : IAuthorizationMiddlewareResultHandler
{
    private const string GrpcType = "application/grpc";
    private readonly AuthorizationMiddlewareResultHandler _handler = new();

    public async Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        await _handler.HandleAsync(next, context, policy, authorizeResult).ConfigureAwait(false);
        if (authorizeResult.Succeeded || context.Response.HasStarted || context.GetEndpoint()?.Metadata.GetMetadata<Route>() is null)
        {
            return;
        }

        if (context.Response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            await SendAsync(context, "Credentials are needed, and none that are valid came with the request.").ConfigureAwait(false);
        }
        else if (context.Response.StatusCode == StatusCodes.Status403Forbidden)
        {
            await SendAsync(context, "The caller is known, and may not do this.").ConfigureAwait(false);
        }
    }

    /// <summary>Sends a refusal that has its status already.</summary>
    public static Task SendAsync(HttpContext context, string message)
    {
        var response = context.Response;
        if (context.Request.ContentType?.StartsWith(GrpcType, StringComparison.OrdinalIgnoreCase) != true)
        {
            return JsonAnswer.SendErrorAsync(response, new Failure(response.StatusCode, message, Kind: null));
        }

        response.Headers["grpc-status"] = ((int)RpcStatus.Of(response.StatusCode)).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(message);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = GrpcType;
        return Task.CompletedTask;
    }

    /// <summary>Marks the routes of the protocol.</summary>
    internal sealed class Route
    {
        public static Route Instance { get; } = new();
    }
}
