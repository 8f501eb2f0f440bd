using ZeroCopy.Endpoints;

namespace ZeroCopy.Actors.Tests.Endpoints;

public sealed class UnjoinedPoolSpecs() : ServedModelsSpec("""
    akka.loglevel = WARNING
    zerocopy.inference.pools.served { model = bert, batching.enabled = on }
    """)
{
    [Fact]
    public async Task Pool_should_say_that_its_batching_has_no_effect() =>
        await EventFilter.Warning(contains: "none of the methods of bert@1 has its calls joined").ExpectOneAsync(async () =>
        {
            await PutAsync("bert", 1);
            var endpoint = await FindAsync("served");
            await EventuallyAsync(() => endpoint.State == EndpointState.Ready);
        });
}
