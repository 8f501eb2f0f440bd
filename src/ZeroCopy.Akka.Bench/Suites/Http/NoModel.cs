using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Suites.Http;

/// <summary>A model that takes any tensor and computes nothing: the cost of a call is that of its way.</summary>
internal sealed class NoModel(string name) : IModelEndpoint
{
    private static readonly NamedTensor Output = new("output", HostTensor.From<float>(DType.Float32, new float[10], 1, 10));

    public string Name => name;

    public int? Version => null;

    public EndpointState State => EndpointState.Ready;

    public string? LastError => null;

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(new ModelSignature([]));

    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new ModelAnswer([Output]));
}
