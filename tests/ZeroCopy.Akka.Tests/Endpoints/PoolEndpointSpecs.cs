using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Product.Tests.Endpoints;

public sealed class PoolEndpointSpecs() : ActorEndpointSpecs("")
{
    protected override int? AnsweringVersion => null;

    protected override async Task<IModelEndpoint> OpenAsync(ModelHandle model)
    {
        var pool = await Actors.CreatePoolAsync("contract", Runtime.OpenAny(model), Runtime.BinderOf(model));
        await pool.WhenReadyAsync().WaitAsync(Patience);
        return (await Actors.Endpoints.FindAsync("contract"))!;
    }

    protected override Task CloseAsync(IModelEndpoint endpoint) =>
        Actors.Pools.FirstOrDefault(pool => pool.Name == endpoint.Name)?.DrainAsync() ?? Task.CompletedTask;
}
