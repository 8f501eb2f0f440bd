using System.Collections.Immutable;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Calls;

/// <summary>
/// The models that requests name. One that a request unloads, in every version, is shown as unavailable until a request, or the next call
/// here, loads it; to who calls it by other ways it is idle. Thread-safe.
/// </summary>
internal sealed class Models(IEndpointDirectory directory)
{
    private ImmutableHashSet<string> _unloaded = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>The model of a name; its current version where none is named.</summary>
    /// <exception cref="RequestException">There is no such model, or the version is no number.</exception>
    public async ValueTask<IModelEndpoint> FindAsync(string name, string? version, CancellationToken cancellationToken) =>
        await TryFindAsync(name, version, cancellationToken).ConfigureAwait(false) ?? throw NotFound(name, version);

    /// <summary>The same; null where there is no such model.</summary>
    /// <exception cref="RequestException">The version is no number.</exception>
    public async ValueTask<IModelEndpoint?> TryFindAsync(string name, string? version, CancellationToken cancellationToken)
    {
        int? number = string.IsNullOrEmpty(version) ? null
            : ModelVersion.TryParse(version, out var parsed) ? parsed
            : throw new RequestException($"The version is '{version}' but must be a whole number from 1 to {int.MaxValue}.");
        // A model without versions is listed as its first one.
        var found = number is null or 1 ? await directory.FindAsync(name, null, cancellationToken).ConfigureAwait(false) : null;
        found = number is null || found is { Version: null }
            ? found : await directory.FindAsync(name, number, cancellationToken).ConfigureAwait(false);
        return found is null ? null : Shown(found);
    }

    /// <summary>Loads a model, and ends when it is loaded.</summary>
    /// <exception cref="RequestException">There is no such model, or it is not loaded by request.</exception>
    /// <exception cref="Errors.InferenceException">It cannot be loaded.</exception>
    public async Task LoadAsync(string name, CancellationToken cancellationToken)
    {
        var endpoint = await FindLoadableAsync(name, cancellationToken).ConfigureAwait(false);
        Forget(name);
        await endpoint.LoadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has what every version of a model takes freed behind its last call.</summary>
    /// <exception cref="RequestException">There is no such model, or it is not unloaded by request.</exception>
    /// <exception cref="Errors.InferenceException">It is to stay loaded.</exception>
    public async Task UnloadAsync(string name, CancellationToken cancellationToken)
    {
        var endpoint = await FindLoadableAsync(name, cancellationToken).ConfigureAwait(false);
        var all = await directory.ListAsync(cancellationToken).ConfigureAwait(false);
        // First: a call that comes in between loads it again, and says so. Names that are gone go with it.
        var listed = all.Select(other => other.Name).ToHashSet();
        ImmutableInterlocked.Update(
            ref _unloaded, static (names, now) => names.Where(now.listed.Contains).ToImmutableHashSet(StringComparer.Ordinal).Add(now.name),
            (name, listed));
        try
        {
            await endpoint.UnloadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var version in all.Where(other => other.Name == name && other.Version != endpoint.Version).OfType<ILoadableEndpoint>())
            {
                await version.UnloadAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            Forget(name);
            throw;
        }
    }

    /// <summary>A model that is loaded again, or about to be, is shown as it is.</summary>
    public void Forget(string name) =>
        ImmutableInterlocked.Update(ref _unloaded, static (names, loaded) => names.Remove(loaded), name);

    /// <summary>Every model in every version. One without versions is version 1 of its name, and calls of that go to no other.</summary>
    public async ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken)
    {
        var all = await directory.ListAsync(cancellationToken).ConfigureAwait(false);
        var unversioned = all.Where(endpoint => endpoint.Version is null).Select(endpoint => endpoint.Name).ToHashSet();
        return [.. all.Where(endpoint => endpoint.Version != 1 || !unversioned.Contains(endpoint.Name)).Select(Shown)];
    }

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

    private IModelEndpoint Shown(IModelEndpoint endpoint) =>
        Volatile.Read(ref _unloaded).Contains(endpoint.Name) ? new UnloadedEndpoint(endpoint) : endpoint;

    private async ValueTask<ILoadableEndpoint> FindLoadableAsync(string name, CancellationToken cancellationToken) =>
        await directory.FindAsync(name, null, cancellationToken).ConfigureAwait(false) switch
        {
            ILoadableEndpoint endpoint => endpoint,
            null => throw NotFound(name, null),
            _ => throw new RequestException(501, $"Model '{name}' is not loaded and unloaded by request: its application does."),
        };

    private static RequestException NotFound(string name, string? version) => new(
        404,
        string.IsNullOrEmpty(version)
            ? $"There is no model '{name}' here." : $"There is no version {version} of a model '{name}' here.");
}
