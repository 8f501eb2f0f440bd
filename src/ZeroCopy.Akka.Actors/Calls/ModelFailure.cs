using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Calls;

/// <summary>Turns what was thrown during a call into its failure.</summary>
internal static class ModelFailure
{
    /// <summary>A failure that is typed already stays as it is: the model knows best.</summary>
    /// <param name="thrown">What was thrown.</param>
    /// <param name="source">Where the instance came from that it was thrown of.</param>
    /// <param name="owner">Whose call it was, for the message.</param>
    public static Exception Of(Exception thrown, IInstanceSource source, string owner) => thrown switch
    {
        // Another call, which the function of this one made, never ran.
        InferenceException { NeverRan: true } inner => new InferenceException(inner.Failure, inner.Message, inner),
        ZeroCopyException => thrown,
        _ => new InferenceException(
            InferenceFailure.ModelError, $"The model behind {owner} threw {thrown.GetType().Name}: {thrown.Message}", thrown)
        {
            CausedByInput = source.IsCausedByInput(thrown),
        },
    };

    /// <summary>What is not the model's fault, such as that of somebody who listens to metrics.</summary>
    public static InferenceException Unexpected(Exception thrown, string owner) => thrown as InferenceException
        ?? new InferenceException(InferenceFailure.ActorCrashed, $"A call could not be sent to {owner}: {thrown.Message}", thrown);
}
