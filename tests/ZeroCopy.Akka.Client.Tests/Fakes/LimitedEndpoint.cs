using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Client.Tests.Fakes;

/// <summary>A model that takes so many calls at a time, as a pool does.</summary>
internal sealed class LimitedEndpoint(IModelEndpoint model, int most) : IModelEndpoint
{
    private int _calls;

    public string Name => model.Name;

    public int? Version => model.Version;

    public EndpointState State => model.State;

    public string? LastError => model.LastError;

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) =>
        model.GetSignatureAsync(cancellationToken);

    public async Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        try
        {
            return Interlocked.Increment(ref _calls) <= most
                ? await model.CallAsync(method, inputs, options, cancellationToken)
                : throw new InferenceException(InferenceFailure.Overloaded, $"{Name} takes {most} calls at a time.");
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }
}
