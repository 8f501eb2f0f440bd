using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>A web application that serves models, on a port of its own, and a client of it.</summary>
public sealed class ServedModels : IAsyncDisposable
{
    private ServedModels(WebApplication application)
    {
        Application = application;
        Client = new HttpClient { BaseAddress = new Uri(application.Urls.First()) };
        Rpc = new RpcClient(RpcAddress);
    }

    public WebApplication Application { get; }

    public HttpClient Client { get; }

    /// <summary>Where its gRPC is: on a second port.</summary>
    public string RpcAddress => Application.Urls.Last();

    /// <summary>A client of its gRPC.</summary>
    internal RpcClient Rpc { get; }

    public static Task<ServedModels> StartAsync(params IModelEndpoint[] endpoints) => StartWithAsync(_ => { }, endpoints);

    public static Task<ServedModels> StartWithAsync(Action<IServiceCollection> configure, params IModelEndpoint[] endpoints) =>
        StartWithAsync(configure, _ => { }, endpoints);

    public static Task<ServedModels> StartWithAsync(
        Action<IServiceCollection> configure, Action<WebApplication> map, params IModelEndpoint[] endpoints) =>
        BuildAsync(builder => configure(builder.Services), map, endpoints);

    public static async Task<ServedModels> BuildAsync(
        Action<WebApplicationBuilder> configure, Action<WebApplication> map, params IModelEndpoint[] endpoints)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0);
            server.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<IEndpointDirectory>(new FakeDirectory(endpoints));
        builder.Services.AddZeroCopyServing();
        configure(builder);
        var application = builder.Build();
        application.MapZeroCopyInference();
        map(application);
        await application.StartAsync();
        return new ServedModels(application);
    }

    /// <summary>With limits of a test's own.</summary>
    public static Task<ServedModels> StartAsync(Action<ServingOptions> limits, params IModelEndpoint[] endpoints) =>
        StartWithAsync(services => services.Configure(limits), endpoints);

    /// <summary>Calls a model with JSON alone.</summary>
    public Task<Answer> InferAsync(string model, string json) => InferAsync(model, json, []);

    /// <summary>Calls a model with JSON and the bytes behind it; without bytes the request has no header for its JSON's length.</summary>
    public Task<Answer> InferAsync(string model, string json, byte[] binary)
    {
        var text = Encoding.UTF8.GetBytes(json);
        return SendAsync(Request(model, [.. text, .. binary], binary.Length == 0 ? null : text.Length));
    }

    /// <summary>A request for inference.</summary>
    public static HttpRequestMessage Request(string model, byte[] body, int? jsonLength)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent(body) };
        if (jsonLength is { } length)
        {
            request.Headers.Add("Inference-Header-Content-Length", $"{length}");
        }

        return request;
    }

    public async Task<Answer> GetAsync(string path) => await SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await Client.SendAsync(request);
            return await Answer.ReadAsync(response);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Rpc.Dispose();
        await Application.DisposeAsync();
    }
}
