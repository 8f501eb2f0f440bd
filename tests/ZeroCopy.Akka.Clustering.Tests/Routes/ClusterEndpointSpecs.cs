using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.EndpointContract;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Routes;

/// <summary>The contract of endpoints for a model that another node of the cluster holds.</summary>
[Collection(nameof(MappedMemory))]
public sealed class ClusterEndpointSpecs : EndpointContractSpecs
{
    private readonly TemporaryDirectory _other = new();
    private TestNode? _holder;
    private TestNode? _caller;

    protected override int? MostCalls => TestNode.QueueCapacity;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _other.Dispose();
    }

    protected override async Task<IModelEndpoint> OpenAsync(ModelHandle model)
    {
        _holder ??= await TestNode.StartAsync(StoreOptions.Directory);
        _caller ??= await TestNode.StartAsync(_other.File("store"), _holder, "akka.cluster.roles = [client]");
        return await Eventually.FindAsync(_caller.Cluster.Endpoints, model.Name!.Value.Name);
    }

    protected override Task CloseAsync(IModelEndpoint endpoint) =>
        Task.WhenAll(_caller!.KillAsync(), _holder!.KillAsync());
}
