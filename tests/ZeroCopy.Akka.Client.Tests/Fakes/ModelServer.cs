using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroCopy.Client.Grpc;
using ZeroCopy.Client.Http;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving;

namespace ZeroCopy.Client.Tests.Fakes;

/// <summary>Our server with one model, on a port of its own, and a client of it.</summary>
internal sealed class ModelServer : IEndpointDirectory, IAsyncDisposable
{
    private readonly IModelEndpoint _model;
    private readonly WebApplication _application;

    private ModelServer(IModelEndpoint model)
    {
        _model = model;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<IEndpointDirectory>(this).AddZeroCopyServing(options => options.SharedMemory = true);
        _application = builder.Build();
        _application.MapZeroCopyInference();
    }

    public event Action? Changed
    {
        add { }
        remove { }
    }

    public Uri Address => new(_application.Urls.First());

    public Uri RpcAddress => new(_application.Urls.Last());

    public InferenceHttpClient Client { get; private set; } = null!;

    /// <summary>A client of its gRPC, which has a port of its own.</summary>
    public InferenceGrpcClient Rpc { get; private set; } = null!;

    public static async Task<ModelServer> StartAsync(IModelEndpoint model, InferenceClientOptions? options = null)
    {
        var server = new ModelServer(model);
        await server._application.StartAsync();
        server.Client = new InferenceHttpClient(server.Address, options);
        server.Rpc = new InferenceGrpcClient(server.RpcAddress, options);
        return server;
    }

    public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
        new(name == _model.Name && (version ?? _model.Version) == _model.Version ? _model : null);

    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) => new([_model]);

    public Task StopAsync() => _application.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Rpc.Dispose();
        await _application.DisposeAsync();
    }
}
