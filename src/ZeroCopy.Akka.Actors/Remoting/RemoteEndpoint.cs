using ZeroCopy.Actors.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>An endpoint of another node. What it says of itself is what the node said last. Thread-safe.</summary>
/// <param name="client">Calls the node.</param>
/// <param name="name">What it is called by there.</param>
/// <param name="version">Version of the model; null for the one that is current there.</param>
internal sealed class RemoteEndpoint(InferenceClient client, string name, int? version) : IModelEndpoint
{
    private volatile EndpointInfo? _known;

    /// <summary>What the node said of it last; null where it was not asked.</summary>
    public EndpointInfo? Known
    {
        get => _known;
        init => _known = value;
    }

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public int? Version => version ?? _known?.Version;

    /// <inheritdoc/>
    public EndpointState State => client.Loss is not null ? EndpointState.Failed : _known?.State ?? EndpointState.Ready;

    /// <inheritdoc/>
    public string? LastError => client.Loss ?? _known?.LastError;

    /// <inheritdoc/>
    public async Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var described = await client.DescribeAsync(name, version, cancellationToken).ConfigureAwait(false);
            _known = described.Endpoint;
            return described.Signature;
        }
        catch (InferenceException e)
        {
            throw Noted(e);
        }
    }

    /// <inheritdoc/>
    public async Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var answered = await client.PredictAsync(name, version, method, [.. inputs], options, cancellationToken)
                .ConfigureAwait(false);
            Note(EndpointState.Ready, null);
            return new ModelAnswer(answered.Outputs) { Times = answered.Times, Version = answered.Version };
        }
        catch (InferenceException e)
        {
            throw Noted(e);
        }
    }

    private InferenceException Noted(InferenceException failed)
    {
        switch (failed.Failure)
        {
            case InferenceFailure.PoolNotFound:
                Note(EndpointState.Failed, failed.Message);
                return new InferenceException(InferenceFailure.ModelNotFound, failed.Message, failed);
            case InferenceFailure.LoadFailed or InferenceFailure.ModelNotFound:
                Note(EndpointState.Failed, failed.Message);
                return failed;
            default:
                return failed;
        }
    }

    private void Note(EndpointState state, string? error)
    {
        if (_known is null || _known.State != state || _known.LastError != error)
        {
            _known = new EndpointInfo(name, _known?.Version ?? version, state, error);
        }
    }
}
