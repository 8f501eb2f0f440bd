using System.Net;
using System.Net.Sockets;

namespace ZeroCopy.Clustering.Tests.Hosting;

/// <summary>Listens on loopback where a node is looked for, and fails every TLS handshake.</summary>
internal sealed class FalsePeer : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _failed = new(0);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _listening;

    /// <param name="answer">What it answers before it closes; nothing where it closes at once.</param>
    public FalsePeer(byte[] answer)
    {
        _listener.Start();
        _listening = ListenAsync(answer);
    }

    /// <summary>As a seed.</summary>
    public string Address => $"{_listener.LocalEndpoint}";

    /// <summary>Waits until one more connection has come and was closed.</summary>
    public Task FailedAsync(CancellationToken cancellationToken) => _failed.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _failed.Dispose();
        _ended.Dispose();
    }

    private async Task ListenAsync(byte[] answer)
    {
        var sink = new byte[4096];
        while (true)
        {
            using (var peer = await _listener.AcceptSocketAsync(_ended.Token))
            {
                try
                {
                    await peer.SendAsync(answer, _ended.Token);
                    // Until the other end has had enough of it.
                    while (answer.Length > 0 && await peer.ReceiveAsync(sink, _ended.Token) > 0)
                    {
                    }
                }
                catch (SocketException)
                {
                    // It was quicker.
                }
            }

            _failed.Release();
        }
    }
}
