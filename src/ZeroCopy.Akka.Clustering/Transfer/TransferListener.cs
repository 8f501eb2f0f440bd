using System.Net.Sockets;
using Akka.Event;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Trust;
using ZeroCopy.Store;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>
/// Serves the models of a store to other nodes, on a port of its own. It speaks HTTP/1.1 alone, as each answer has a connection to itself
/// then. Nothing of the environment and no file configures it. Thread-safe.
/// </summary>
public sealed class TransferListener : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TransferListener(WebApplication application, string host)
    {
        _application = application;
        var bound = new Uri(application.Urls.Single());
        Address = new UriBuilder(bound.Scheme, host, bound.Port).Uri;
    }

    /// <summary>Where other nodes get blocks, such as <c>http://10.0.0.7:41953</c>.</summary>
    public Uri Address { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="store">The store, which outlives the listener.</param>
    /// <param name="settings">Where it listens and is reached, and how much it sends.</param>
    /// <param name="trust">Certificates; null for plain connections.</param>
    /// <param name="log">Told who is refused.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="SocketException">The host to listen on does not resolve.</exception>
    /// <exception cref="IOException">The port cannot be listened on; the message names it.</exception>
    public static async Task<TransferListener> StartAsync(
        ObjectStore store, ClusterSettings settings, NodeTrust? trust, ILoggingAdapter log, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(log);
        var address = NodeAddress.Resolve(settings.BindHost);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "zerocopy" });
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new AkkaLogs(log));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = BlockRange.MostInRequest * BlockRange.Size;
            server.Listen(address, settings.Transfer.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                _ = trust is null ? listen : listen.UseHttps(trust.ServerOptions());
            });
        });
        if (trust is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.AddRoutingCore();
        var application = builder.Build();
        var transfer = settings.Transfer;
        var rate = transfer.Rate == 0 ? null : new SendRate(transfer.Rate, TimeProvider.System);
        application.MapZeroCopyTransfer(store, new SendLimits(transfer.MaxSends, rate));
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            return new TransferListener(application, settings.Host);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the port. Answers that are on their way are cut off: those who wait for them go on at other nodes.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        await _application.StopAsync(now.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }
}
