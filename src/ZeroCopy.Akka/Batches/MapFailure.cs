using ZeroCopy.Errors;

namespace ZeroCopy.Batches;

/// <summary>Failures of a map that say what they were of.</summary>
internal static class MapFailure
{
    public static InferenceException Of(string what, InferenceException exception) =>
        new(exception.Failure, $"Mapping {what} failed: {exception.Message}", exception) { CausedByInput = exception.CausedByInput };
}
