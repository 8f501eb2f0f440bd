using System.Net;
using System.Net.Sockets;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>A host of a <see cref="TestNetwork"/>.</summary>
internal sealed class TestHost(string network, string name, string? port, string address, SlowLink? slow) : IDisposable
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(2);

    /// <summary>Its address, which all hosts reach.</summary>
    public string Address => address;

    /// <summary>What a process is started by to run there: a program and its first arguments.</summary>
    public IReadOnlyList<string> Launcher => ["ip", "netns", "exec", name];

    /// <summary>Pulls its cable: nobody is told, and what is sent goes nowhere.</summary>
    public void Unplug() => TestNetwork.Ip("-n", network, "link", "set", port!, "down");

    /// <summary>Plugs it in again.</summary>
    public void Plug() => TestNetwork.Ip("-n", network, "link", "set", port!, "up");

    /// <summary>A client that runs there, of one server. The caller disposes it.</summary>
    public HttpClient CreateClient(Uri server, TimeSpan timeout) => new(
        new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTime,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = await NetworkNamespace.InAsync(
                    name, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
                try
                {
                    await socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
    {
        BaseAddress = server,
        Timeout = timeout,
    };

    public void Dispose()
    {
        slow?.Dispose();
        TestNetwork.Remove(name);
    }
}
