using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Product.Tests.Endpoints;

public sealed class TaskEndpointSpecs() : ActorEndpointSpecs("")
{
    protected override Task<IModelEndpoint> OpenAsync(ModelHandle model) =>
        Task.FromResult(Actors.TaskEndpoint("contract", Runtime.OpenAny(model), Runtime.BinderOf(model), model.Name?.Version));

    protected override Task CloseAsync(IModelEndpoint endpoint) => Actors.Tasks.DrainAsync();
}
