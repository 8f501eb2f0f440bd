using ZeroCopy.Errors;

namespace ZeroCopy.Endpoints;

/// <summary>
/// A served model: what calls models (the command line, batch jobs, HTTP, clients) knows this and nothing below it, be the model in this
/// process, on another node or behind a server. Thread-safe.
/// </summary>
public interface IModelEndpoint
{
    /// <summary>What it is called by: the name of a pool, or of a model.</summary>
    string Name { get; }

    /// <summary>The version of the model, or of the one that is current; null where it is not known yet or has none.</summary>
    int? Version { get; }

    /// <summary>Whether it can be called now. Read from memory: never waits for another process.</summary>
    EndpointState State { get; }

    /// <summary>Why the model could not be loaded the last time; null while it could.</summary>
    string? LastError { get; }

    /// <summary>The methods with their inputs and outputs. Known without loading the model where its code is at hand.</summary>
    /// <exception cref="InferenceException">
    /// There is no such model (<see cref="InferenceFailure.ModelNotFound"/>), it cannot be built where it would be served
    /// (<see cref="InferenceFailure.LoadFailed"/>), or its node does not answer.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Calls a method. Inputs are bound by name where one of the names is an input's, by position where they are called <c>INPUT__0</c>,
    /// <c>INPUT__1</c> and so on, else in their order. They are read until the call has ended and are the caller's again then, whatever
    /// <see cref="CallOptions.Ownership"/> says: a call copies what it needs for longer.
    /// </summary>
    /// <param name="method">Name of the method; empty for the endpoint's own, see <see cref="ModelSignature.Default"/>.</param>
    /// <param name="inputs">The inputs, each name once.</param>
    /// <param name="options">Deadline and hash key; null for <see cref="CallOptions.Default"/>.</param>
    /// <param name="cancellationToken">Gives the call up, wherever the model runs.</param>
    /// <returns>The answer; the caller disposes it.</returns>
    /// <exception cref="InferenceException">
    /// The call was not answered. <see cref="InferenceException.Failure"/> says why, the same for every kind of endpoint: no such method
    /// (<see cref="InferenceFailure.MethodNotFound"/>), a name, element type or shape that does not fit
    /// (<see cref="InferenceFailure.InvalidInput"/>), a model that throws (<see cref="InferenceFailure.ModelError"/>), a deadline, a full
    /// queue, an end.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default);
}
