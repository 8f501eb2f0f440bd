using ZeroCopy.Errors;

namespace ZeroCopy.Endpoints;

/// <summary>An endpoint whose model can be loaded before its first call, and freed before it was idle for long. Thread-safe.</summary>
public interface ILoadableEndpoint : IModelEndpoint
{
    /// <summary>Loads the model where it is not loaded, and ends when it is.</summary>
    /// <exception cref="InferenceException">It cannot be loaded; <see cref="InferenceException.Failure"/> says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; loading goes on.</exception>
    Task LoadAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Frees what the model takes as soon as no call goes to it, for which this does not wait. A later call loads it again.
    /// </summary>
    /// <exception cref="InferenceException">
    /// It is to stay loaded: <see cref="InferenceFailure.InvalidInput"/>; the message names the setting.
    /// </exception>
    Task UnloadAsync(CancellationToken cancellationToken = default);
}
