using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ZeroCopy.Clocks;

namespace ZeroCopy.Node.Service;

/// <summary>
/// Closes connections that outlast the time that calls have at a node's end. The server's own limits for slow clients stand still while it
/// stops: it would wait for an unfinished request until the host's time limit. Thread-safe.
/// </summary>
internal sealed class OpenConnections : IDisposable
{
    /// <summary>Answers to calls that ran out of time are sent meanwhile.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _over = new();

    /// <summary>Closes the connections of a port, too; before what ends TLS there.</summary>
    public void Watch(ListenOptions port) => port.Use(next => connection => RunAsync(next, connection));

    /// <summary>Closes those that are open when the calls' time is over.</summary>
    public void CloseAfter(TimeSpan time)
    {
        if (time < Durations.LongestPause)
        {
            _over.CancelAfter(time + Grace);
        }
    }

    public void Dispose() => _over.Dispose();

    private async Task RunAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        using var end = _over.Token.Register(() => connection.Abort(new ConnectionAbortedException("The node has stopped.")));
        await next(connection).ConfigureAwait(false);
    }
}
