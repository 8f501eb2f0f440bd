using ZeroCopy.Actors.Tasks;
using ZeroCopy.Endpoints;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>A model whose every call is a task, an actor of its own. Thread-safe.</summary>
/// <param name="name">What it is called by.</param>
/// <param name="tasks">Runs the tasks.</param>
/// <param name="source">The model's instances.</param>
/// <param name="binder">Calls of its methods.</param>
internal sealed class TaskEndpoint(string name, TaskRunner tasks, IInstanceSource source, ICallBinder binder) : IModelEndpoint
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public int? Version { get; init; }

    /// <summary>Each task rents an instance, so that there is nothing to be ready before.</summary>
    public EndpointState State => tasks.IsClosed ? EndpointState.Failed : EndpointState.Ready;

    /// <inheritdoc/>
    public string? LastError => tasks.IsClosed ? "The task runner shuts down." : null;

    /// <inheritdoc/>
    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) => Task.FromResult(binder.Signature);

    /// <inheritdoc/>
    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        var given = new TaskOptions { Deadline = options?.Deadline, Ownership = ArgumentOwnership.Give };
        return BoundCalls.AnswerAsync(
            name,
            tasks.Telemetry,
            binder,
            method,
            inputs,
            call => tasks.Begin(source, binder.Run, call, given, cancellationToken),
            given.Deadline,
            cancellationToken);
    }
}
