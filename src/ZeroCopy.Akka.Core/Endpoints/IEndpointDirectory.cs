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
    ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default);

    /// <summary>Every endpoint, versions of a model each by itself, by name and version.</summary>
    ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>An endpoint came, went, or changed its state. Raised on any thread; handlers are short.</summary>
    event Action? Changed;
}
