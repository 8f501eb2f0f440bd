using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ZeroCopy.Actors;
using ZeroCopy.Clustering.Hosting;

namespace ZeroCopy.Clustering.Tests.Hosting;

/// <summary>An application that hosts Akka.NET and is a node of a cluster, on any free port of loopback.</summary>
internal sealed class ClusterApplication : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly LineProvider _log;

    private ClusterApplication(IHost host, LineProvider log) => (_host, _log) = (host, log);

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    public ClusterMembership Membership => ClusterMembership.For(System);

    /// <summary>As a seed.</summary>
    public string Address => $"{Cluster.Get(System).SelfAddress.Host}:{Cluster.Get(System).SelfAddress.Port}";

    /// <summary>Starts one, which may not be a member yet.</summary>
    /// <param name="cluster">What stands under <c>zerocopy.cluster</c>.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    /// <param name="hocon">Further settings.</param>
    public static async Task<ClusterApplication> StartAsync(string cluster = "", TimeProvider? clock = null, string hocon = "")
    {
        var log = new LineProvider();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(log);
        builder.Services.AddHealthChecks();
        builder.Services.AddAkka("zerocopy", akka => akka
            .AddHocon(Hocon(cluster), HoconAddMode.Prepend)
            .AddHocon(hocon, HoconAddMode.Prepend)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            })
            .AddSetup(new ZeroCopySetup { TimeProvider = clock ?? TimeProvider.System })
            .WithZeroCopyCluster());
        var host = builder.Build();
        await host.StartAsync();
        return new ClusterApplication(host, log);
    }

    public async Task<HealthStatus> HealthAsync() =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status;

    /// <summary>Waits until the log has a line with these words.</summary>
    public Task<string> LogsAsync(string words, CancellationToken cancellationToken) => _log.WaitAsync(words, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static Config Hocon(string cluster) => $$"""
        zerocopy.cluster {
          port = 0
          {{cluster}}
        }
        akka.coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        """;
}
