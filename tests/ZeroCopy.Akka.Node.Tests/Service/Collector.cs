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
    private readonly ConcurrentQueue<(string Service, string Key, byte[] Body)> _received = new();

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

    /// <summary>Who sent something: the name of the service that took it, and the header x-key, each once.</summary>
    public IReadOnlyList<(string Service, string Key)> Senders =>
        [.. _received.Select(sent => (sent.Service.Split('.', '/')[^2], sent.Key)).Distinct()];

    /// <summary>The names of the spans of a trace.</summary>
    public IReadOnlyList<string> SpansOf(string traceId)
    {
        // A span's message begins with trace_id, span_id, trace_state, parent_span_id, flags, name; a link likewise, without a name.
        byte[] start = [10, 16, .. Convert.FromHexString(traceId)];
        var names = new List<string>();
        foreach (var (_, _, body) in _received)
        {
            var rest = body.AsSpan();
            while (rest.IndexOf(start) is >= 0 and var at)
            {
                rest = rest[(at + start.Length)..];
                while (rest.Length > 1 && rest[0] is 18 or 26 or 34)
                {
                    rest = rest[(2 + rest[1])..];
                }

                // The flags.
                if (rest.StartsWith((ReadOnlySpan<byte>)[0x85, 1]))
                {
                    rest = rest[6..];
                }

                if (rest.Length > 1 && rest[0] == 42)
                {
                    names.Add(Encoding.UTF8.GetString(rest.Slice(2, rest[1])));
                }
            }
        }

        return names;
    }

    /// <summary>Whether what one of its services got has these bytes somewhere.</summary>
    public bool Has(string service, ReadOnlySpan<byte> bytes)
    {
        foreach (var (path, _, body) in _received)
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
        _received.Enqueue((context.Request.Path, context.Request.Headers["x-key"].ToString(), body.ToArray()));
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
