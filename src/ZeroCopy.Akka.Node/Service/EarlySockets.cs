using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ZeroCopy.Node.Service;

/// <summary>Ports that are known, and kept from others, before the web server starts: a node tells the others of them.</summary>
internal sealed class EarlySockets
{
    private readonly ConcurrentDictionary<EndPoint, Socket> _bound = [];

    /// <summary>Takes a port, and says which.</summary>
    /// <param name="address">Where to listen.</param>
    /// <param name="port">0 for any free one.</param>
    /// <exception cref="SocketException">The port is in use.</exception>
    public IPEndPoint Bind(IPAddress address, int port)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(new IPEndPoint(address, port));
        var bound = (IPEndPoint)socket.LocalEndPoint!;
        _bound[bound] = socket;
        return bound;
    }

    /// <summary>For the server, which owns what it gets: the socket of that port, or a new one.</summary>
    public Socket Take(EndPoint port) =>
        _bound.TryRemove(port, out var socket) ? socket : SocketTransportOptions.CreateDefaultBoundListenSocket(port);
}
