using ZeroCopy.Client.Endpoints;
using ZeroCopy.Client.Tests.Fakes;
using ZeroCopy.EndpointContract;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Client.Tests.Endpoints;

/// <summary>The contract of endpoints over a transport: a client, a connection, our server, a model.</summary>
public abstract class ServedEndpointSpecs : EndpointContractSpecs
{
    private readonly Dictionary<IModelEndpoint, DirectEndpoint> _models = [];
    private readonly List<IAsyncDisposable> _servers = [];

    protected override int? MostCalls => 16;

    public override Task InitializeAsync()
    {
        // Calls that are held block threads of the pool, which clients and server answer with too.
        ThreadPool.GetMinThreads(out var workers, out var completion);
        ThreadPool.SetMinThreads(Math.Max(workers, 4 * MostCalls!.Value), completion);
        return base.InitializeAsync();
    }

    protected override async Task<IModelEndpoint> OpenAsync(ModelHandle model)
    {
        var direct = new DirectEndpoint("contract", model.Name?.Version, Runtime.OpenAny(model), Runtime.BinderOf(model));
        var server = await ModelServer.StartAsync(new LimitedEndpoint(direct, MostCalls!.Value));
        _servers.Add(server);
        // It is told no version, and learns from each answer which one that was.
        var endpoint = new InferenceEndpoint(ClientOf(server), direct.Name);
        _models.Add(endpoint, direct);
        return endpoint;
    }

    private protected abstract IInferenceClient ClientOf(ModelServer server);

    protected override Task CloseAsync(IModelEndpoint endpoint)
    {
        _models[endpoint].Dispose();
        return Task.CompletedTask;
    }

    public override async Task DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        await base.DisposeAsync();
    }
}
