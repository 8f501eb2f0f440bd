using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Product.Tests.Endpoints;

/// <summary>A pool that HOCON declares.</summary>
public sealed class DeclaredPoolEndpointSpecs() : ActorEndpointSpecs("zerocopy.inference.pools.declared.model = contract")
{
    protected override async Task<IModelEndpoint> OpenAsync(ModelHandle model)
    {
        var endpoint = (await Host.Endpoints.FindAsync("declared"))!;
        Assert.True(SpinWait.SpinUntil(() => endpoint.State == EndpointState.Ready, Patience));
        return endpoint;
    }

    protected override async Task CloseAsync(IModelEndpoint endpoint) => await Host.DisposeAsync();
}
