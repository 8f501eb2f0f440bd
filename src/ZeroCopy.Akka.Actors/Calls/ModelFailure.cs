using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Calls;

/// <summary>Turns what a model threw into the failure of its call.</summary>
internal static class ModelFailure
{
    /// <summary>A failure that is typed already stays as it is: the model knows best.</summary>
    public static Exception Of(Exception thrown, string owner) => thrown is ZeroCopyException
        ? thrown
        : new InferenceException(InferenceFailure.ModelError, $"The model behind {owner} threw {thrown.GetType().Name}: {thrown.Message}", thrown);
}
