using Microsoft.AspNetCore.Http;
using ZeroCopy.Errors;

namespace ZeroCopy.Serving.Calls;

/// <summary>The HTTP status of a call that was not answered.</summary>
internal static class FailureStatus
{
    public static int Of(InferenceException error) => error.Failure switch
    {
        _ when error.CausedByInput => StatusCodes.Status400BadRequest,
        InferenceFailure.ModelNotFound or InferenceFailure.PoolNotFound => StatusCodes.Status404NotFound,
        InferenceFailure.MessageTooLarge => StatusCodes.Status413PayloadTooLarge,
        InferenceFailure.Overloaded => StatusCodes.Status429TooManyRequests,
        InferenceFailure.LoadFailed or InferenceFailure.ShuttingDown or InferenceFailure.Unreachable or InferenceFailure.Cancelled =>
            StatusCodes.Status503ServiceUnavailable,
        InferenceFailure.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };
}
