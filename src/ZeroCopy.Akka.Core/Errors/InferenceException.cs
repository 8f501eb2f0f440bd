namespace ZeroCopy.Errors;

/// <summary>A call to a model failed; <see cref="Failure"/> says how, so that a caller can decide whether to try again.</summary>
public sealed class InferenceException(InferenceFailure failure, string message, Exception? inner = null)
    : ZeroCopyException(message, inner)
{
    /// <summary>How the call failed.</summary>
    public InferenceFailure Failure { get; } = failure;

    /// <summary>
    /// Whether the call would have failed wherever it was sent, for what it asks: its inputs do not fit, the method does not exist, or an
    /// operator of the tensor library refused the sizes, indices or types that came to it (a <see cref="InferenceFailure.ModelError"/>).
    /// What a model raises itself, and a want of memory, is not the caller's.
    /// </summary>
    public bool CausedByInput
    {
        get => field || Failure is InferenceFailure.InvalidInput or InferenceFailure.MethodNotFound;
        init;
    }

    /// <summary>
    /// How long a call that was given up for its deadline had waited for its turn, all the time where it never ran. Null where that is not
    /// known, as of a call of another process, and for other failures.
    /// </summary>
    public TimeSpan? Waited { get; init; }

    /// <summary>Whether the call reached nobody, or was refused at once, so that to make it again cannot run it twice.</summary>
    internal bool NeverRan { get; init; }
}
