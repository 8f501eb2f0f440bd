using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Restarts;

/// <summary>
/// A node as its users start it (<c>zerocopy node</c>), at an address that it keeps, with a store that it keeps. Its disposal kills it.
/// </summary>
/// <param name="store">The store's directory.</param>
/// <param name="config">A HOCON file.</param>
internal sealed class ServiceNode(string store, string config) : IAsyncDisposable
{
    private const string Ready = "ready: ";
    private readonly int _port = FreePort();
    private Process? _process;
    private Task _output = Task.CompletedTask;

    /// <summary>HOST:PORT.</summary>
    public string Contact => string.Create(CultureInfo.InvariantCulture, $"{IPAddress.Loopback}:{_port}");

    /// <summary>Starts it, and waits until it is ready.</summary>
    /// <param name="seeds">Nodes whose cluster it joins; none: a cluster of its own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The time from its start until it was ready.</returns>
    /// <exception cref="InvalidOperationException">It ended.</exception>
    public async Task<TimeSpan> StartAsync(IEnumerable<ServiceNode> seeds, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var port = _port.ToString(CultureInfo.InvariantCulture);
        _process = OwnExecutable.Start(
        [
            "node", "--config", config, "--store", store, "--host", $"{IPAddress.Loopback}", "--port", port, "--http", "0",
            .. seeds.SelectMany(seed => new[] { "--seed", seed.Contact }),
        ]);
        while (await _process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith(Ready, StringComparison.Ordinal))
            {
                var time = Stopwatch.GetElapsedTime(start);

                // Nobody reads the rest, and nobody is to wait for a reader.
                _output = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return time;
            }
        }

        throw new InvalidOperationException($"Node {Contact} ended before it was ready; it says why on standard error.");
    }

    /// <summary>Ends it by SIGKILL.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process!.Kill();
        await EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends it by SIGTERM.</summary>
    /// <exception cref="InvalidOperationException">It ended with another exit code than 0.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (await EndAsync(cancellationToken).ConfigureAwait(false) is not 0 and var code)
        {
            throw new InvalidOperationException($"Node {Contact} ended with exit code {code}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        await _process!.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        await _output.ConfigureAwait(false);
        var code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
