using Akka.Actor;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Product.Tests.Endpoints;

/// <summary>A model of another actor system, over the loopback device.</summary>
public sealed class RemoteEndpointSpecs() : ActorEndpointSpecs($"zerocopy.inference.pool-defaults.remote = on\n{Remoting}")
{
    private const string Remoting = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        }
        """;

    private readonly ActorSystem _clients = ActorSystem.Create("client", Remoting);
    private InferenceClient? _client;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _clients.Terminate().WaitAsync(Patience);
    }

    protected override async Task<IModelEndpoint> OpenAsync(ModelHandle model)
    {
        var node = ((ExtendedActorSystem)Host.ActorSystem).Provider.DefaultAddress;
        _client = await InferenceClient.ConnectAsync(_clients, node, Patience);
        return await WarmAsync(_client.Endpoint(model.Name!.Value.Name));
    }

    protected override Task CloseAsync(IModelEndpoint endpoint)
    {
        _client!.Dispose();
        return Task.CompletedTask;
    }
}
