using ZeroCopy.Client.Tests.Fakes;

namespace ZeroCopy.Client.Tests.Endpoints;

public sealed class GrpcEndpointSpecs : ServedEndpointSpecs
{
    private protected override IInferenceClient ClientOf(ModelServer server) => server.Rpc;
}
