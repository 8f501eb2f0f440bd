using ZeroCopy.Client.Grpc;
using ZeroCopy.Client.Http;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Client.Tests.Fakes;

/// <summary>Our server with one model that answers with its inputs, and a client of it.</summary>
internal sealed class EchoServer(string name, int version) : IModelEndpoint, IAsyncDisposable
{
    private ModelServer? _server;

    public string Name { get; } = name;

    public int? Version { get; } = version;

    public EndpointState State { get; set; } = EndpointState.Ready;

    public string? LastError => null;

    public Uri Address => _server!.Address;

    public Uri RpcAddress => _server!.RpcAddress;

    public InferenceHttpClient Client => _server!.Client;

    public InferenceGrpcClient Rpc => _server!.Rpc;

    /// <summary>Both clients, by a word for each.</summary>
    public IInferenceClient Over(string transport) => transport == "grpc" ? Rpc : Client;

    /// <summary>Options of the last call.</summary>
    public CallOptions? Options { get; private set; }

    /// <summary>Method of the last call.</summary>
    public string? Method { get; private set; }

    /// <summary>What the model does before it answers.</summary>
    public Func<CancellationToken, Task> Work { get; set; } = static _ => Task.CompletedTask;

    public static Task<EchoServer> StartAsync(InferenceClientOptions? options = null) => StartAsync("echo a/b%c", 3, options);

    public static async Task<EchoServer> StartAsync(string name, int version, InferenceClientOptions? options = null)
    {
        var echo = new EchoServer(name, version);
        echo._server = await ModelServer.StartAsync(echo, options);
        return echo;
    }

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) => Task.FromResult(new ModelSignature(
        [new MethodSignature("forward", [new ValueSignature("x", Shape: [-1, 2])], [new ValueSignature("y", "str")])]));

    public async Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        (Method, Options) = (method, options);
        await Work(cancellationToken);
        return new ModelAnswer([.. inputs]);
    }

    public Task StopAsync() => _server!.StopAsync();

    public ValueTask DisposeAsync() => _server!.DisposeAsync();
}
