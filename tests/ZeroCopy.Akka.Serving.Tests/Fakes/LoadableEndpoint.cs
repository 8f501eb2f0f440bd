using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>A model that is loaded and unloaded, which a test sees.</summary>
public sealed class LoadableEndpoint(string name, Exception? error = null, int version = 1) : ILoadableEndpoint
{
    public string Name => name;

    public int? Version => version;

    public EndpointState State => EndpointState.Ready;

    public string? LastError => null;

    /// <summary>What was asked for.</summary>
    public List<string> Asked { get; } = [];

    public Task LoadAsync(CancellationToken cancellationToken = default) => AskAsync("load");

    public Task UnloadAsync(CancellationToken cancellationToken = default) => AskAsync("unload");

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) => Task.FromResult(new ModelSignature([]));

    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new ModelAnswer([]));

    private Task AskAsync(string what)
    {
        Asked.Add(what);
        return error is null ? Task.CompletedTask : Task.FromException(error);
    }
}
