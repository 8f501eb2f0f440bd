using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroCopy.Client;
using ZeroCopy.Client.Grpc;
using ZeroCopy.Client.Http;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tensors;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving;

namespace ZeroCopy.Bench.Suites.Http;

/// <summary>Models behind our server, an echo beside them, and clients of both.</summary>
internal sealed class BenchServer : IEndpointDirectory, IAsyncDisposable
{
    private const int RegionBytes = 64 << 20;

    private readonly IModelEndpoint[] _models;
    private readonly WebApplication _application;
    private InferenceHttpClient? _binary;
    private InferenceHttpClient? _json;
    private InferenceGrpcClient? _rpc;
    private SharedMemoryRegion? _region;

    private BenchServer(IModelEndpoint[] models)
    {
        _models = models;
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
        _application.MapPost("/echo", static async context =>
        {
            context.Response.ContentLength = context.Request.ContentLength;
            await context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter, context.RequestAborted).ConfigureAwait(false);
        });
    }

    public event Action? Changed
    {
        add { }
        remove { }
    }

    /// <summary>Plain requests.</summary>
    public HttpClient Http { get; } = new();

    /// <summary>What sends a body back.</summary>
    public Uri Echo => new(Address, "/echo");

    private Uri Address => new(_application.Urls.First());

    public static async Task<BenchServer> StartAsync(
        IModelEndpoint pool, IModelEndpoint other, CancellationToken cancellationToken)
    {
        var server = new BenchServer([pool, other]);
        await server._application.StartAsync(cancellationToken).ConfigureAwait(false);
        server._binary = new InferenceHttpClient(server.Address);
        server._json = new InferenceHttpClient(server.Address, new InferenceClientOptions { BinaryTensors = false });
        server._rpc = new InferenceGrpcClient(new Uri(server._application.Urls.Last()));
        if (OperatingSystem.IsLinux())
        {
            server._region = SharedMemoryRegion.Create(RegionBytes);
            await server._binary.RegisterSharedMemoryAsync(server._region, cancellationToken).ConfigureAwait(false);
        }

        return server;
    }

    /// <summary>The ways to call a model with one tensor, with further words for their names.</summary>
    public IEnumerable<CallWay> Ways(string model, float[] values, long[] shape, string words = "")
    {
        var request = new InferRequest(model, InferInput.Of("input", values, shape));
        List<CallWay> ways =
        [
            new ClientWay($"REST binary{words}", _binary!, request),
            new ClientWay($"REST JSON{words}", _json!, request),
            new ClientWay($"gRPC{words}", _rpc!, request),
        ];
        if (Shared(model, values.Length * sizeof(float), words, shape) is { } shared)
        {
            ways.Add(shared);
        }

        return ways;
    }

    /// <summary>A call with one tensor in shared memory; null where there is none.</summary>
    /// <param name="model">The model.</param>
    /// <param name="bytes">Bytes of the tensor.</param>
    /// <param name="words">Further words for the name.</param>
    /// <param name="shape">The tensor's shape; left out for that of a vector.</param>
    public CallWay? Shared(string model, int bytes, string words, params long[] shape)
    {
        if (_region is null)
        {
            return null;
        }

        // Only read by the server: calls that run at a time may have the one place.
        var input = InferInput.InSharedMemory(
            "input", Datatype.Float32, _region.Slice(0, bytes), shape.Length == 0 ? [bytes / sizeof(float)] : shape);
        return new ClientWay($"shared memory{words}", _binary!, new InferRequest(model, input));
    }

    public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
        new(_models.FirstOrDefault(model => model.Name == name));

    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) => new([.. _models]);

    public async ValueTask DisposeAsync()
    {
        _binary?.Dispose();
        _json?.Dispose();
        _rpc?.Dispose();
        _region?.Dispose();
        Http.Dispose();
        await _application.DisposeAsync().ConfigureAwait(false);
    }
}
