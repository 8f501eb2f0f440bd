using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors;
using ZeroCopy.EndpointContract;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Product.Tests.Endpoints;

/// <summary>The contract of endpoints that an actor system serves.</summary>
public abstract class ActorEndpointSpecs(string hocon) : EndpointContractSpecs
{
    private ActorSystem? _system;
    private ZeroCopyHost? _host;

    protected ActorSystem System => _system ??= ActorSystem.Create("serving", ConfigurationFactory.ParseString($$"""
        akka { loglevel = OFF, stdout-loglevel = OFF }
        zerocopy.inference { refresh-interval = 20ms, pool-defaults { size = 2, queue-capacity = 16 } }
        zerocopy.tasks { max-concurrency = 2, queue-capacity = 16 }
        {{hocon}}
        """));

    protected ZeroCopySystem Actors => ZeroCopySystem.For(System);

    /// <summary>A host of the system, which serves the store of the contract.</summary>
    protected ZeroCopyHost Host => _host ??= ZeroCopyHost.Open(
        new ZeroCopyHostOptions { Store = StoreOptions, Catalog = AddTo(new ModelCatalog()), ActorSystem = System });

    protected override int? MostCalls => 16;

    /// <summary>Calls it once, so that its pool is there.</summary>
    protected static async Task<IModelEndpoint> WarmAsync(IModelEndpoint endpoint)
    {
        var input = new NamedTensor("x", HostTensor.From<float>(DType.Float32, [1], 1));
        (await endpoint.CallAsync("same", [input]).WaitAsync(Patience)).Dispose();
        return endpoint;
    }

    public override async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        if (_system is not null)
        {
            await _system.Terminate().WaitAsync(Patience);
        }

        await base.DisposeAsync();
    }
}
