using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ZeroCopy.Client.Http;

namespace ZeroCopy.Client.Tests.Fakes;

/// <summary>A server that answers every request as a test says, on a port of its own, and a client of it.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ScriptedServer(WebApplication application, InferenceClientOptions? options)
    {
        _application = application;
        Address = new Uri(application.Urls.Single());
        Client = new InferenceHttpClient(Address, options);
    }

    public Uri Address { get; }

    public InferenceHttpClient Client { get; }

    public static async Task<ScriptedServer> StartAsync(RequestDelegate answer, InferenceClientOptions? options = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new ScriptedServer(application, options);
    }

    /// <summary>A server that answers with a status, a type and a body.</summary>
    public static Task<ScriptedServer> StartAsync(int status, string type, string body, params (string Name, string Value)[] headers) =>
        StartAsync(context => SendAsync(context.Response, status, type, Encoding.UTF8.GetBytes(body), headers));

    /// <summary>A server that answers with JSON and bytes behind it.</summary>
    public static Task<ScriptedServer> StartAsync(string json, byte[] binary, string? jsonLength = null)
    {
        var text = Encoding.UTF8.GetBytes(json);
        return StartAsync(context => SendAsync(
            context.Response, 200, "application/octet-stream", [.. text, .. binary],
            ("Inference-Header-Content-Length", jsonLength ?? $"{text.Length}")));
    }

    public static async Task SendAsync(
        HttpResponse response, int status, string type, byte[] body, params (string Name, string Value)[] headers)
    {
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, type, body.Length);
        foreach (var (name, value) in headers)
        {
            response.Headers[name] = value;
        }

        await response.Body.WriteAsync(body);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _application.DisposeAsync();
    }
}
