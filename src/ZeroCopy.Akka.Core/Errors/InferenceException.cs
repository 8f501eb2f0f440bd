namespace ZeroCopy.Errors;

/// <summary>A call to a model failed; <see cref="Failure"/> says how, so that a caller can decide whether to try again.</summary>
public sealed class InferenceException(InferenceFailure failure, string message, Exception? inner = null) : ZeroCopyException(message, inner)
{
    /// <summary>How the call failed.</summary>
    public InferenceFailure Failure { get; } = failure;
}
