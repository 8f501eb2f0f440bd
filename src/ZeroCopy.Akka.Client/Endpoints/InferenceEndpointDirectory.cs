using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using ZeroCopy.Client.Metadata;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Client.Endpoints;

/// <summary>The models of a server of the Open Inference Protocol. Thread-safe.</summary>
/// <param name="client">The server; stays the caller's.</param>
public sealed class InferenceEndpointDirectory(IInferenceClient client) : IEndpointDirectory
{
    private readonly ConcurrentDictionary<(string Name, string? Version), InferenceEndpoint> _endpoints = new();

    /// <summary>
    /// A list of the models differs from the one before. A server tells nobody that something changed: it is noticed by
    /// <see cref="ListAsync"/> alone.
    /// </summary>
    public event Action? Changed;

    /// <inheritdoc/>
    /// <exception cref="ZeroCopy.Errors.InferenceException">The server cannot be asked.</exception>
    public async ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default)
    {
        var text = version?.ToString(CultureInfo.InvariantCulture);
        try
        {
            var model = await client.GetModelMetadataAsync(name, text, cancellationToken).ConfigureAwait(false);
            var endpoint = Of(name, text);
            endpoint.Observe(model.Versions);
            return endpoint;
        }
        catch (InferenceServerException e) when (Failures.IsNoModel(e))
        {
            return null;
        }
        catch (InferenceServerException e)
        {
            throw Failures.Of(e);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ZeroCopy.Errors.InferenceException">The server cannot be asked, or has no list.</exception>
    public async ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default)
    {
        ImmutableArray<RepositoryModel> models;
        try
        {
            models = await client.GetRepositoryIndexAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (InferenceServerException e)
        {
            throw Failures.Of(e);
        }

        var isOther = Forget(models);
        var endpoints = ImmutableArray.CreateBuilder<IModelEndpoint>(models.Length);
        foreach (var model in models.OrderBy(model => model.Name, StringComparer.Ordinal).ThenBy(model => Number(model.Version)))
        {
            isOther |= !_endpoints.ContainsKey((model.Name, model.Version));
            var endpoint = Of(model.Name, model.Version);
            isOther |= endpoint.Observe(StateOf(model), model.Reason);
            endpoints.Add(endpoint);
        }

        if (isOther)
        {
            Changed?.Invoke();
        }

        return endpoints.MoveToImmutable();
    }

    private static EndpointState StateOf(RepositoryModel model) => model.State switch
    {
        "READY" or null => EndpointState.Ready,
        "LOADING" => EndpointState.Loading,
        _ => EndpointState.Failed,
    };

    private static long Number(string? version) =>
        long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private InferenceEndpoint Of(string name, string? version) =>
        _endpoints.GetOrAdd((name, version), static (key, server) => new InferenceEndpoint(server, key.Name, key.Version), client);

    /// <summary>Lets go of versions that the server no longer has; whether there were any.</summary>
    private bool Forget(ImmutableArray<RepositoryModel> models)
    {
        var there = models.Select(model => (model.Name, model.Version)).ToHashSet();
        var gone = _endpoints.Keys.Where(key => key.Version is not null && !there.Contains(key)).ToList();
        gone.ForEach(key => _endpoints.TryRemove(key, out _));
        return gone.Count > 0;
    }
}
