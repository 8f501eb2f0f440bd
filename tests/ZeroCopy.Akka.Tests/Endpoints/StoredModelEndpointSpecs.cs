using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Product.Tests.Endpoints;

/// <summary>A model of the store that nobody declared.</summary>
public sealed class StoredModelEndpointSpecs() : ActorEndpointSpecs("")
{
    protected override async Task<IModelEndpoint> OpenAsync(ModelHandle model) =>
        await WarmAsync((await Host.Endpoints.FindAsync(model.Name!.Value.Name))!);

    protected override async Task CloseAsync(IModelEndpoint endpoint) => await Host.DisposeAsync();
}
