using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>Takes what is sent by OTLP over gRPC, as it comes: names in it are plain text among the bytes.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentQueue<(string Service, byte[] Body)> _received = new();

    private Collector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2));
        _application = builder.Build();
        _application.Run(TakeAsync);
    }

    public string Address => _application.Urls.Single();

    public static async Task<Collector> StartAsync()
    {
        var collector = new Collector();
        await collector._application.StartAsync();
        return collector;
    }

    /// <summary>Whether what one of its services got has these bytes somewhere.</summary>
    public bool Has(string service, ReadOnlySpan<byte> bytes)
    {
        foreach (var (path, body) in _received)
        {
            if (path.Contains(service, StringComparison.Ordinal) && body.AsSpan().IndexOf(bytes) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    public bool Has(string service, string text) => Has(service, Encoding.UTF8.GetBytes(text));

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _received.Enqueue((context.Request.Path, body.ToArray()));
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
