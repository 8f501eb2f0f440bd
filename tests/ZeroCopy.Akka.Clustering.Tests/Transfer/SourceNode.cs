using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Tests.Transfer;

/// <summary>A node on loopback that serves a store's models, with what a spec does to its answers.</summary>
internal sealed class SourceNode : IAsyncDisposable
{
    private readonly WebApplication _application;
    private int _requests;

    private SourceNode(WebApplication application) => _application = application;

    public Uri Address => new(_application.Urls.Single());

    /// <summary>Requests for blocks that came.</summary>
    public int BlockRequests => Volatile.Read(ref _requests);

    /// <param name="store">The store that is served.</param>
    /// <param name="meddle">Runs around each request for blocks, with its number from 1; null for nothing.</param>
    public static async Task<SourceNode> StartAsync(ObjectStore store, Func<HttpContext, int, RequestDelegate, Task>? meddle = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        var node = new SourceNode(application);
        application.Use((HttpContext context, RequestDelegate next) =>
        {
            if (context.Request.Method != HttpMethods.Post)
            {
                return next(context);
            }

            var number = Interlocked.Increment(ref node._requests);
            return meddle is null ? next(context) : meddle(context, number, next);
        });
        application.UseRouting();
        application.MapZeroCopyTransfer(store);
        await application.StartAsync();
        return node;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
