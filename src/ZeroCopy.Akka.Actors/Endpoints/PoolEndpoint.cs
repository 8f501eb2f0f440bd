using ZeroCopy.Actors.Inference;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>A pool as its callers by named tensors see it. Thread-safe.</summary>
/// <param name="pool">The pool.</param>
/// <param name="binder">
/// Makes and reads what its function takes and returns; where the function is the binder's own, any method can be called.
/// </param>
internal sealed class PoolEndpoint(InferencePool pool, ICallBinder binder) : IServedEndpoint
{
    private ModelSignature? _signature;

    /// <summary>The pool.</summary>
    public InferencePool Pool => pool;

    /// <inheritdoc/>
    public string Name { get; init; } = pool.Name;

    /// <inheritdoc/>
    public int? Version { get; init; }

    /// <summary>What a call without a method means; empty for the model's own.</summary>
    public string Method { get; init; } = "";

    /// <inheritdoc/>
    public ModelHandle? Model { get; init; }

    /// <inheritdoc/>
    public bool IsRemote => pool.Settings.Remote;

    /// <inheritdoc/>
    public int ReadyActors => pool.ReadyActors;

    /// <inheritdoc/>
    public int Pending => pool.Pending;

    /// <inheritdoc/>
    public EndpointState State => pool.IsReady ? EndpointState.Ready
        : pool.IsClosed || pool.HasGivenUp ? EndpointState.Failed
        : EndpointState.Loading;

    /// <inheritdoc/>
    public string? LastError => pool.IsClosed ? $"Pool {pool.Name} shuts down." : pool.LastLoadError?.Message;

    /// <inheritdoc/>
    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) => Task.FromResult(
        _signature ??= Method.Length == 0 ? binder.Signature : binder.Signature with { Default = Method });

    /// <inheritdoc/>
    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        var given = (options ?? CallOptions.Default) with { Ownership = ArgumentOwnership.Give };
        return BoundCalls.AnswerAsync(
            $"pool {pool.Name}",
            pool.Telemetry,
            binder,
            method.Length == 0 ? Method : method,
            inputs,
            call => pool.Begin(call, given, cancellationToken),
            given.Deadline,
            cancellationToken);
    }
}
