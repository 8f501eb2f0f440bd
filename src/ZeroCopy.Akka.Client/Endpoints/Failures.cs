using ZeroCopy.Errors;

namespace ZeroCopy.Client.Endpoints;

/// <summary>Failures of servers in the words of endpoints.</summary>
internal static class Failures
{
    /// <summary>The same failure: exactly where the server is one of ours and says it, else the nearest that its status means.</summary>
    public static InferenceException Of(InferenceServerException error) =>
        new(Enum.TryParse<InferenceFailure>(error.Failure, out var exact) ? exact : Nearest(error.Error), error.Message, error)
        {
            CausedByInput = error.Error == InferenceError.InvalidRequest,
        };

    /// <summary>Whether a server that is asked about a model says with this that it has none; Triton does so with status 400.</summary>
    public static bool IsNoModel(InferenceServerException error) =>
        error.Error is InferenceError.NotFound or InferenceError.InvalidRequest;

    private static InferenceFailure Nearest(InferenceError error) => error switch
    {
        InferenceError.InvalidRequest or InferenceError.Unauthorized or InferenceError.Unsupported => InferenceFailure.InvalidInput,
        InferenceError.NotFound => InferenceFailure.ModelNotFound,
        InferenceError.TooLarge => InferenceFailure.MessageTooLarge,
        InferenceError.Overloaded => InferenceFailure.Overloaded,
        InferenceError.DeadlineExceeded => InferenceFailure.DeadlineExceeded,
        InferenceError.ServerError => InferenceFailure.ModelError,
        _ => InferenceFailure.Unreachable,
    };
}
