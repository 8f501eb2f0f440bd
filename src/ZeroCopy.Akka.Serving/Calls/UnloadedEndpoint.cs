using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Calls;

/// <summary>A model that a request has unloaded: it is not ready, and a call of it loads it again.</summary>
/// <param name="model">The model.</param>
internal sealed class UnloadedEndpoint(IModelEndpoint model) : IModelEndpoint
{
    public string Name => model.Name;

    public int? Version => model.Version;

    public EndpointState State => EndpointState.Failed;

    /// <summary>The protocol's word.</summary>
    public string LastError => "unloaded";

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) =>
        model.GetSignatureAsync(cancellationToken);

    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default) =>
        model.CallAsync(method, inputs, options, cancellationToken);
}
