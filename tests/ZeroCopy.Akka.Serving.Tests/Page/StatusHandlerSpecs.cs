using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Serving.Page;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Page;

public sealed class StatusHandlerSpecs
{
    private const int DocumentBytes = 16 << 10;
    private const int MostDocuments = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task StatusHandler_should_cut_off_a_reader_that_takes_nothing_and_go_on_for_others()
    {
        var feed = new StatusFeed(
            _ => Task.FromResult<ReadOnlyMemory<byte>>(new byte[DocumentBytes]), mostReaders: 2, Interval, _clock, NullLogger.Instance);
        var handler = new StatusHandler(feed, 10 * Interval, lifetime: null, _clock);
        await using var served = await ServedModels.StartWithAsync(
            _ => { }, application => application.Map("/events", handler.HandleAsync));
        using var idle = await AskAsync(served.Client.BaseAddress!);
        await MeanwhileAsync(idle.ReceiveAsync(new byte[1]));
        var asked = served.Client.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        await MeanwhileAsync(asked);
        using var answer = await asked;
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var documents = 0;

        // Readers are as many as there may be, until one of them is cut off.
        for (; !feed.TryEnter(); documents++)
        {
            Assert.InRange(documents, 0, MostDocuments);
            await ReadDocumentAsync(stream);
        }

        Assert.InRange(await ReadToEndAsync(idle), 1, MostDocuments * DocumentBytes);
        await ReadDocumentAsync(stream);
        feed.Leave();
    }

    /// <summary>Asks for the events through a small window, and reads nothing of the answer.</summary>
    private static async Task<Socket> AskAsync(Uri server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port).WaitAsync(Patience);
        await socket.SendAsync("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        return socket;
    }

    private async Task ReadDocumentAsync(Stream stream)
    {
        var next = stream.ReadExactlyAsync(new byte[DocumentBytes]).AsTask();
        await MeanwhileAsync(next);
        await next;
    }

    /// <summary>Time goes on, one document at a time, so that who reads is never late.</summary>
    private async Task MeanwhileAsync(Task task)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!task.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            _clock.Advance(Interval);
            await task.WaitAsync(Moment).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<long> ReadToEndAsync(Socket socket)
    {
        var (bytes, buffer) = (0L, new byte[DocumentBytes]);
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(Patience) is > 0 and var read)
            {
                bytes += read;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Cut off, as it is to be.
        }

        return bytes;
    }
}
