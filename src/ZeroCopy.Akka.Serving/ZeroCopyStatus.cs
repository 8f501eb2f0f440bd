using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using ZeroCopy.Endpoints;
using ZeroCopy.Nodes;
using ZeroCopy.Serving.Access;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Figures;
using ZeroCopy.Serving.Http;
using ZeroCopy.Serving.Page;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving;

/// <summary>A page that shows how the models of a web application do.</summary>
public static class ZeroCopyStatus
{
    /// <summary>The meters whose instruments the page shows: ours, the runtime's and the web server's.</summary>
    public static string[] Meters => [.. ProcessMetrics.Meters];

    /// <summary>
    /// Collects the metrics that the page shows: those of ZeroCopy.Akka, of the runtime and of the web server, for every exporter of the
    /// application's OpenTelemetry too.
    /// </summary>
    public static IServiceCollection AddZeroCopyStatus(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<Models>();
        services.TryAddSingleton(provider => new ProcessMetrics(provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(ProcessMetrics.Meters)
            .AddReader(provider => provider.GetRequiredService<ProcessMetrics>().Reader));
        return services;
    }

    /// <summary>
    /// Serves the page at <c>/</c>, its files and its stream of events under <c>/status</c>. It shows the models of the
    /// <see cref="IEndpointDirectory"/> of the services, and where they have an <see cref="INodeStatus"/> and an <see cref="INodeList"/>,
    /// the store and the nodes. Models can be tried on it where <see cref="ZeroCopyServing.MapZeroCopyInference"/> serves them.
    /// </summary>
    /// <param name="endpoints">Where the routes are added.</param>
    /// <returns>The routes, for conventions such as authorisation.</returns>
    /// <exception cref="InvalidOperationException">
    /// The services have no <see cref="IEndpointDirectory"/>, or were not given <see cref="AddZeroCopyStatus"/>.
    /// </exception>
    public static IEndpointConventionBuilder MapZeroCopyStatus(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        var options = (services.GetService<IOptions<ServingOptions>>()?.Value ?? new ServingOptions()).Checked();
        var clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("ZeroCopy.Serving");
        var boundary = new ErrorBoundary(options, logger);
        var nodes = services.GetService<INodeList>();
        var source = new StatusSource(
            services.GetRequiredService<ProcessMetrics>(), services.GetRequiredService<Models>(), services.GetService<INodeStatus>(),
            nodes);
        var feed = new StatusFeed(source.ReadAsync, options.MaxStatusReaders, TimeSpan.FromSeconds(1), clock, logger);
        var handler = new StatusHandler(feed, TimeSpan.FromSeconds(10), services.GetService<IHostApplicationLifetime>(), clock);
        var routes = endpoints.MapGroup("");
        AccessRules.AddTo(routes, options);
        Map("/", new PageFile("index.html", "text/html; charset=utf-8").SendAsync);
        Map("/status/page.css", new PageFile("page.css", "text/css; charset=utf-8").SendAsync);
        Map("/status/page.js", new PageFile("page.js", "text/javascript; charset=utf-8").SendAsync);
        Map("/status/icon.svg", new PageFile("icon.svg", "image/svg+xml").SendAsync);
        Map("/status/events", handler.HandleAsync);
        return routes;

        void Map(string pattern, RequestDelegate send) =>
            routes.Map(pattern, (HttpContext context) => boundary.RunAsync(context, HttpMethods.Get, send));
    }
}
