using ZeroCopy.Client;

namespace ZeroCopy.Bench.Suites.Http;

/// <summary>A call through a client.</summary>
internal sealed class ClientWay(string name, IInferenceClient client, InferRequest request) : CallWay
{
    public override string Name => name;

    public override async Task CallAsync(CancellationToken cancellationToken) =>
        (await client.InferAsync(request, cancellationToken).ConfigureAwait(false)).Dispose();
}
