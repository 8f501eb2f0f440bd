using System.Collections.Immutable;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Routes;

/// <summary>A node's own endpoint of every name, which answers with nothing, or fails.</summary>
internal sealed class OwnEndpoint(int? version = null, ModelHandle? model = null, Exception? failure = null)
    : IEndpointDirectory, IServedEndpoint
{
    public event Action? Changed
    {
        add { }
        remove { }
    }

    public string Name => "model";

    public int? Version => version;

    public EndpointState State => EndpointState.Ready;

    public string? LastError => null;

    public bool IsRemote => true;

    public ModelHandle? Model => model;

    public int ReadyActors { get; init; }

    public int Pending => 0;

    /// <summary>Answers a call with what it gives and its token.</summary>
    public Func<CallOptions?, CancellationToken, Task<ModelAnswer>>? OnCall { get; init; }

    public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
        new(this);

    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) => new([this]);

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default) =>
        OnCall is not null ? OnCall(options, cancellationToken)
            : failure is null ? Task.FromResult(new ModelAnswer([]) { Version = version })
            : Task.FromException<ModelAnswer>(failure);
}
