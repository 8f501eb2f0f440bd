using System.Collections.Immutable;
using System.Globalization;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Client.Endpoints;

/// <summary>
/// A model of a server of the Open Inference Protocol as an endpoint. Servers of ours are as if the model were here: all its methods, the
/// same failures. Of other servers it has the one method <c>forward</c>, and failures are the nearest to the server's status.
/// </summary>
/// <remarks>
/// The protocol carries neither complex elements nor nothing (<see cref="NamedTensor.IsNone"/>); such inputs are refused. A deadline of
/// <see cref="Timeout.InfiniteTimeSpan"/> holds here, and the server's own counts there. The state is that of the last call.
/// </remarks>
public sealed class InferenceEndpoint : IModelEndpoint
{
    private readonly IInferenceClient _client;
    private readonly string? _version;
    private readonly int? _number;
    private volatile Status _status = new(EndpointState.Ready, null);
    private volatile int _newest;

    /// <param name="client">The server; stays the caller's.</param>
    /// <param name="name">Name of the model.</param>
    /// <param name="version">Its version; null for the one that the server takes.</param>
    public InferenceEndpoint(IInferenceClient client, string name, int? version = null)
        : this(client, name, version?.ToString(CultureInfo.InvariantCulture))
    {
    }

    internal InferenceEndpoint(IInferenceClient client, string name, string? version)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(name);
        (_client, Name, _version) = (client, name, version);
        _number = NumberOf(version);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>
    /// The version; where none was named, the newest that the server has by what it said last, and null where it was not asked or has no
    /// numbers.
    /// </summary>
    public int? Version => _number ?? (_newest > 0 ? _newest : null);

    /// <inheritdoc/>
    public EndpointState State => _status.State;

    /// <inheritdoc/>
    public string? LastError => _status.Error;

    /// <inheritdoc/>
    public async Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await Signatures.ReadAsync(_client, Name, _version, cancellationToken).ConfigureAwait(false);
        }
        catch (InferenceServerException e)
        {
            throw Failures.Of(e);
        }
    }

    /// <inheritdoc/>
    public async Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(inputs);
        cancellationToken.ThrowIfCancellationRequested();
        await RequireNamesOnceAsync(method, inputs, cancellationToken).ConfigureAwait(false);
        var request = ToRequest(method, inputs, options ?? CallOptions.Default);
        try
        {
            var result = await _client.InferAsync(request, cancellationToken).ConfigureAwait(false);
            _status = new Status(EndpointState.Ready, null);
            return new ModelAnswer(NamedTensors.ToTensors(result), result) { Version = NumberOf(result.ModelVersion) };
        }
        catch (InferenceServerException e)
        {
            var failure = Failures.Of(e);
            if (failure.Failure is InferenceFailure.LoadFailed or InferenceFailure.ShuttingDown or InferenceFailure.ModelNotFound)
            {
                _status = new Status(EndpointState.Failed, failure.Message);
            }

            throw failure;
        }
    }

    /// <summary>What the server's list of models says; whether that is another state than before.</summary>
    internal bool Observe(EndpointState state, string? error)
    {
        var isOther = _status.State != state;
        _status = new Status(state, error);
        return isOther;
    }

    /// <summary>What versions the server has.</summary>
    internal void Observe(IEnumerable<string> versions) => _newest = versions.Max(NumberOf) ?? 0;

    private static int? NumberOf(string? version) =>
        int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private InferRequest ToRequest(string method, IReadOnlyList<NamedTensor> inputs, CallOptions options)
    {
        var parameters = ImmutableDictionary<string, object>.Empty;
        parameters = method.Length > 0 ? parameters.Add("method", method) : parameters;
        parameters = options.HashKey is { } key ? parameters.Add("sequence_id", key) : parameters;
        return new InferRequest(Name)
        {
            ModelVersion = _version,
            Inputs = NamedTensors.ToInputs(inputs),
            Parameters = parameters,
            Timeout = options.Deadline,
            IsIdempotent = options.IsIdempotent,
        };
    }

    /// <summary>A server does not see which of two inputs was meant, so what a model says of them is said here.</summary>
    private async Task RequireNamesOnceAsync(string method, IReadOnlyList<NamedTensor> inputs, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>();
        foreach (var input in inputs)
        {
            if (input.Name.Length > 0 && !names.Add(input.Name))
            {
                var signature = await GetSignatureAsync(cancellationToken).ConfigureAwait(false);
                throw new InferenceException(
                    InferenceFailure.InvalidInput,
                    $"The input has '{input.Name}' twice; the model takes {signature.Find(method)?.ToString() ?? "each name once"}.");
            }
        }
    }

    private sealed record Status(EndpointState State, string? Error);
}
