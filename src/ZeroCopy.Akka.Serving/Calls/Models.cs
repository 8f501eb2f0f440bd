using System.Collections.Immutable;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Calls;

/// <summary>The models that requests name.</summary>
internal sealed class Models(IEndpointDirectory directory)
{
    /// <summary>The model of a name; its current version where none is named.</summary>
    /// <exception cref="RequestException">There is no such model, or the version is no number.</exception>
    public async ValueTask<IModelEndpoint> FindAsync(string name, string? version, CancellationToken cancellationToken) =>
        await TryFindAsync(name, version, cancellationToken).ConfigureAwait(false) ?? throw new RequestException(
            404,
            string.IsNullOrEmpty(version)
                ? $"There is no model '{name}' here." : $"There is no version {version} of a model '{name}' here.");

    /// <summary>The same; null where there is no such model.</summary>
    /// <exception cref="RequestException">The version is no number.</exception>
    public ValueTask<IModelEndpoint?> TryFindAsync(string name, string? version, CancellationToken cancellationToken)
    {
        int? number = string.IsNullOrEmpty(version) ? null
            : ModelVersion.TryParse(version, out var parsed) ? parsed
            : throw new RequestException($"The version is '{version}' but must be a whole number from 1 to {int.MaxValue}.");
        return directory.FindAsync(name, number, cancellationToken);
    }

    /// <summary>The model of a name, which can be loaded and unloaded.</summary>
    /// <exception cref="RequestException">There is no such model, or it cannot.</exception>
    public async ValueTask<ILoadableEndpoint> FindLoadableAsync(string name, CancellationToken cancellationToken)
    {
        var endpoint = await FindAsync(name, null, cancellationToken).ConfigureAwait(false);
        return endpoint as ILoadableEndpoint
            ?? throw new RequestException(501, $"Model '{name}' is not loaded and unloaded by request: its application does.");
    }

    /// <summary>Every model in every version.</summary>
    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken) =>
        directory.ListAsync(cancellationToken);

    /// <summary>Every version of a name, in order.</summary>
    public async ValueTask<IReadOnlyList<string>> VersionsAsync(IModelEndpoint endpoint, CancellationToken cancellationToken)
    {
        var all = await directory.ListAsync(cancellationToken).ConfigureAwait(false);
        var versions = all.Where(other => other.Name == endpoint.Name && other.Version is not null).Select(other => other.Version!.Value);
        return [.. versions.Append(endpoint.Version ?? 1).Distinct().Order().Select(version => ModelVersion.Text(version))];
    }

    /// <summary>The word of the protocol's repository index for a model's state.</summary>
    public static string StateOf(IModelEndpoint endpoint) => endpoint.State switch
    {
        EndpointState.Ready => "READY",
        EndpointState.Loading => "LOADING",
        _ => "UNAVAILABLE",
    };
}
