using Akka.Actor;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Clustering.Tests.Nodes;
using ZeroCopy.EndpointContract;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Tests.Clients;

/// <summary>The contract of endpoints for a model of a cluster that the caller is no member of.</summary>
[Collection(nameof(MappedMemory))]
public sealed class ClusterClientEndpointSpecs : EndpointContractSpecs
{
    private readonly ActorSystem _system = ClientSystem.Start();
    private TestNode? _node;
    private ClusterClient? _client;

    protected override int? MostCalls => TestNode.QueueCapacity;

    public override async Task DisposeAsync()
    {
        // The node has the model for as long as it runs, also when its store's directory is gone.
        await (_node?.KillAsync() ?? Task.CompletedTask).WaitAsync(Patience);
        await base.DisposeAsync();
        await _system.Terminate().WaitAsync(Patience);
    }

    protected override async Task<IModelEndpoint> OpenAsync(ModelHandle model)
    {
        _node ??= await TestNode.StartAsync(StoreOptions.Directory);
        _client ??= await ClusterClient.ConnectAsync(_system, [_node.Address.ToString()]);
        return await Eventually.FindAsync(_client, model.Name!.Value.Name);
    }

    protected override Task CloseAsync(IModelEndpoint endpoint)
    {
        _client!.Dispose();
        return Task.CompletedTask;
    }
}
