using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Hosting;
using Akka.Hosting.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using ZeroCopy.Actors;
using ZeroCopy.Clocks;
using ZeroCopy.Clustering;
using ZeroCopy.Clustering.Hosting;
using ZeroCopy.Hosting;
using ZeroCopy.Nodes;
using ZeroCopy.Serving;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ZeroCopy.Node.Service;

/// <summary>
/// A node while it runs: an actor system that is a member of a cluster, its pools, and HTTP and gRPC in front of them. Started first
/// is Akka, stopped first are those.
/// </summary>
internal sealed class NodeApplication : IAsyncDisposable
{
    private static readonly TimeSpan DisposalLimit = TimeSpan.FromSeconds(5);

    private readonly WebApplication _application;
    private readonly NodeConfiguration _configuration;
    private readonly OpenConnections _connections;
    private int _ended;

    private NodeApplication(
        WebApplication application, NodeConfiguration configuration, OpenConnections connections, string http, string? grpc)
    {
        _application = application;
        _configuration = configuration;
        _connections = connections;
        Http = http;
        Grpc = grpc;
    }

    /// <summary>Where other nodes reach it.</summary>
    public string Address => Cluster.Get(System).SelfAddress.ToString();

    /// <summary>Where HTTP clients reach it, such as <c>http://10.0.0.7:8080</c>.</summary>
    public string Http { get; }

    /// <summary>Where gRPC clients reach it; null for nowhere.</summary>
    public string? Grpc { get; }

    /// <summary>Cancelled when the application stops, for whatever reason.</summary>
    public CancellationToken Stopping => _application.Lifetime.ApplicationStopping;

    private ActorSystem System => _application.Services.GetRequiredService<ActorSystem>();

    /// <summary>
    /// Starts a node, which takes calls when this returns; it may not be a member of its cluster yet, and its models may still be loading.
    /// </summary>
    public static async Task<NodeApplication> StartAsync(NodeConfiguration configuration, bool json, CancellationToken cancellationToken)
    {
        var node = Build(configuration, json);
        try
        {
            await node._application.StartAsync(cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until the node is a member of its cluster and finds its models, and those that are to be warm are.</summary>
    public async Task WarmAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ClusterMembership.For(System).JoinAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterJoinFailedException e)
        {
            throw new NodeStartException([$"it did not become a member of the cluster: {e.Message.TrimEnd('.')}"]);
        }

        await ZeroCopyCluster.For(System).Found.WaitAsync(cancellationToken).ConfigureAwait(false);
        await _application.Services.GetRequiredService<WarmModels>().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Why the actor system ended by itself.</summary>
    public string EndReason => CoordinatedShutdown.Get(System).ShutdownReason is CoordinatedShutdown.ClusterDowningReason
        ? "The other members of the cluster lost sight of this node, or it of them, and removed it: start it again."
        : "The actor system ended by itself; the log says why.";

    /// <summary>Says from now on that it is not ready; calls are still taken.</summary>
    public void Drain() => _application.Lifetime.StopApplication();

    /// <summary>
    /// Takes calls until those who send them had time to notice, then closes the port, lets running calls end, and stops.
    /// </summary>
    public async Task StopAsync()
    {
        Drain();
        await Task.Delay(_configuration.Settings.Serving.DrainDelay).ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Stops at once where it was not stopped: calls that run have their time to finish.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        var disposal = _application.DisposeAsync().AsTask();
        // An actor system never ends while the threads of its actors compute what nobody waits for any more.
        await Task.WhenAny(disposal, Task.Delay(DisposalLimit)).ConfigureAwait(false);
        if (disposal.IsCompleted)
        {
            _connections.Dispose();
            await disposal.ConfigureAwait(false);
        }
    }

    private Task EndAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return Task.CompletedTask;
        }

        _connections.CloseAfter(_configuration.Settings.Inference.DrainTimeout);
        return _application.StopAsync();
    }

    private static NodeApplication Build(NodeConfiguration configuration, bool json)
    {
        var settings = configuration.Settings;
        var early = new EarlySockets();
        var http = early.Bind(configuration.Address, settings.Serving.Port);
        var grpc = settings.Serving.GrpcPort is { } wanted ? early.Bind(configuration.Address, wanted) : null;
        var connections = new OpenConnections();
        // Nothing from the environment and no files beside the program: a node's settings are HOCON.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "zerocopy" });
        AddLogs(builder.Logging, json);
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = early.Take).ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Listen(http, Prepare);
            if (grpc is not null)
            {
                server.Listen(grpc, port =>
                {
                    port.Protocols = HttpProtocols.Http2;
                    Prepare(port);
                });
            }
        });
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton<IHostLifetime, OwnLifetime>();
        var shutdown = (settings.Inference.DrainTimeout * 2) + settings.Cluster.LeaveTimeout + TimeSpan.FromSeconds(10);
        services.Configure<HostOptions>(host =>
            host.ShutdownTimeout = shutdown < Durations.LongestPause ? shutdown : Durations.LongestPause);
        services.AddAkka("zerocopy", (akka, provider) => akka
            .AddSetup(new LoggerFactorySetup(provider.GetRequiredService<ILoggerFactory>()))
            .AddHocon(configuration.Config, HoconAddMode.Prepend)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLogger<NodeLog>();
            })
            // That a connection was closed the node says itself, without where in remoting that was noticed.
            .AddSetup(new LogFilterBuilder().ExcludeMessageContaining("EndpointDisassociatedException").Build())
            .WithZeroCopyHost(new ZeroCopyHostOptions { Catalog = configuration.Catalog })
            .WithZeroCopyCluster(new Uri(Url(http)), grpc is null ? null : new Uri(Url(grpc))));
        services.AddZeroCopyHost();
        services.AddSingleton(provider => new WarmModels(
            ZeroCopySystem.For(provider.GetRequiredService<ActorSystem>()).OwnEndpoints, settings,
            provider.GetRequiredService<ILogger<WarmModels>>()));
        services.AddHealthChecks().AddCheck<WarmModels>("models", tags: ["ready"]).AddCheck<StoreHealth>("store", tags: ["ready"]);
        services.AddZeroCopyServing(options =>
        {
            options.MaxBodyBytes = settings.Serving.MaxBody;
            options.MaxTensors = settings.Serving.MaxTensors;
            options.MaxElements = settings.Serving.MaxElements;
            options.MaxJsonDepth = settings.Serving.MaxJsonDepth;
            options.SharedMemory = settings.Serving.SharedMemory;
            options.RetryAfter = settings.Serving.RetryAfter;
            options.DrainDelay = settings.Serving.DrainDelay;
            options.DrainTimeout = settings.Serving.DrainDelay + settings.Inference.DrainTimeout;
        });
        services.AddSingleton<INodeList, ClusterNodes>();
        NodeAccess.Add(services, settings.Serving);
        NodeTelemetry.Add(builder, settings.Telemetry, $"{settings.Cluster.Host}:{settings.Cluster.Port}");
        var application = builder.Build();
        application.Use((context, next) =>
        {
            // While the node still answers: no request is to be on its way on a connection that was kept when the ports close.
            if (application.Lifetime.ApplicationStopping.IsCancellationRequested && HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }

            return next(context);
        });
        NodeAccess.Use(application, settings.Serving);
        application.MapZeroCopyInference();
        NodeTelemetry.Map(application, settings.Telemetry, settings.Serving);
        return new NodeApplication(application, configuration, connections, Url(http), grpc is null ? null : Url(grpc));

        // An IPv6 address stands in brackets there.
        string Url(IPEndPoint port) => new UriBuilder(configuration.Tls is null ? "http" : "https", settings.Cluster.Host, port.Port).Uri
            .GetLeftPart(UriPartial.Authority);

        void Prepare(ListenOptions port)
        {
            connections.Watch(port);
            if (configuration.Tls is { } tls)
            {
                port.UseHttps(tls);
            }
        }
    }

    private static void AddLogs(ILoggingBuilder logging, bool json)
    {
        logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.HttpLogging", LogLevel.Information)
            // Whoever asks for health is told; the log says once what is waited for, and not with each question.
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        _ = json
            ? logging.AddJsonConsole(options =>
                (options.UseUtcTimestamp, options.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"))
            : logging.AddSimpleConsole(options => (options.SingleLine, options.TimestampFormat) = (true, "HH:mm:ss "));
        logging.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
