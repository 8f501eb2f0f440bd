using System.Collections.Immutable;

namespace ZeroCopy.Endpoints;

/// <summary>The models that can be called from here. Thread-safe.</summary>
public interface IEndpointDirectory
{
    /// <summary>The endpoint of a model; null where there is none of that name and version.</summary>
    /// <param name="name">Name of a pool or of a model.</param>
    /// <param name="version">
    /// Version of the model; null for the one that is current at each call, and for a model that has none.
    /// </param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="Errors.InferenceException">
    /// Nobody could be asked: the node of a client or the cluster cannot be reached, or the directory is closed.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default);

    /// <summary>Every endpoint, versions of a model each by itself, by name and version.</summary>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="Errors.InferenceException">Nobody could be asked, as of <see cref="FindAsync"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>An endpoint came, went, or changed its state. Raised on any thread; handlers are short.</summary>
    event Action? Changed;
}
