using Grpc.Core;

namespace ZeroCopy.Serving.Rpc;

/// <summary>The gRPC status for an HTTP one.</summary>
internal static class RpcStatus
{
    public static StatusCode Of(int status) => status switch
    {
        400 => StatusCode.InvalidArgument,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        413 or 429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        _ => StatusCode.Internal,
    };
}
