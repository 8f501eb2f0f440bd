using System.Globalization;
using Grpc.Core;

namespace ZeroCopy.Client.Grpc;

/// <summary>Statuses of gRPC in the words of the client.</summary>
internal static class GrpcFailure
{
    /// <summary>How a call failed in the words of a ZeroCopy.Akka server, among the trailers.</summary>
    private const string FailureTrailer = "zerocopy-failure";

    /// <summary>When to come back in milliseconds, as gRPC's own retries read it.</summary>
    private const string PushbackTrailer = "grpc-retry-pushback-ms";

    public static InferenceServerException Of(RpcException error)
    {
        var failure = error.Trailers.GetValue(FailureTrailer);
        // A status that this side makes itself, as for a time that has passed, says no more than its code.
        var message = error.Status.Detail is { Length: > 0 } detail ? detail : $"The call ended with gRPC status {error.StatusCode}.";
        return new InferenceServerException(ErrorOf(error, failure), message, error)
        {
            Failure = failure,
            RetryAfter = int.TryParse(
                error.Trailers.GetValue(PushbackTrailer), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                ? TimeSpan.FromMilliseconds(milliseconds)
                : null,
        };
    }

    private static InferenceError ErrorOf(RpcException error, string? failure) => error.StatusCode switch
    {
        StatusCode.InvalidArgument or StatusCode.OutOfRange or StatusCode.FailedPrecondition or StatusCode.AlreadyExists =>
            InferenceError.InvalidRequest,
        StatusCode.Unauthenticated or StatusCode.PermissionDenied => InferenceError.Unauthorized,
        StatusCode.NotFound => InferenceError.NotFound,
        StatusCode.Unimplemented => InferenceError.Unsupported,
        // The status stands for messages over a limit as well, of the server and of this side.
        StatusCode.ResourceExhausted when failure == "MessageTooLarge"
            || error.Status.Detail.Contains("maximum configured message size", StringComparison.Ordinal) => InferenceError.TooLarge,
        StatusCode.ResourceExhausted => InferenceError.Overloaded,
        // Without a connection gRPC makes the status itself, from the exception that it had.
        StatusCode.Unavailable when error.Status.DebugException is not null => InferenceError.Unreachable,
        StatusCode.Unavailable or StatusCode.Cancelled => InferenceError.Unavailable,
        StatusCode.DeadlineExceeded => InferenceError.DeadlineExceeded,
        StatusCode.Internal when error.Status.DebugException is IOException or HttpRequestException => InferenceError.Unreachable,
        _ => InferenceError.ServerError,
    };
}
