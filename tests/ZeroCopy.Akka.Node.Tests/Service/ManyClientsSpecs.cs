using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit.Abstractions;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>A node with thousands of clients that do nothing, or read slowly, beside one that calls.</summary>
public sealed class ManyClientsSpecs(ITestOutputHelper log) : IDisposable
{
    private const int IdleClients = 10_000;
    private const int SlowClients = 500;
    private const int AnswerBytes = 600 << 10;
    private const int Calls = 4000;
    private const long MostBytesOfIdle = 32 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [SkippableFact]
    public async Task Node_should_serve_others_as_before_beside_idle_clients_and_slow_readers()
    {
        Skip.IfNot(Soak.IsOn, Soak.Reason);
        Skip.IfNot(OperatingSystem.IsLinux(), "Memory is read from /proc.");
        ScriptText.Save(
            _zerocopy.File("model.pt"), $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    return x * 2\n");
        _zerocopy.Run("put", _zerocopy.File("model.pt"), "--name", "model").Succeeded();
        File.WriteAllText(_zerocopy.File("node.conf"), "zerocopy.inference.pool-defaults.size = 1");
        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "model", "--config", _zerocopy.File("node.conf"));
        var call = Request(4096);
        using var caller = await ConnectAsync(node);
        await MedianAsync(caller, call);
        var alone = await MedianAsync(caller, call);
        var bytes = node.ResidentBytes();

        var idle = await Task.WhenAll(Enumerable.Range(0, IdleClients).Select(_ => ConnectAsync(node)));
        var idleBytes = node.ResidentBytes();
        var slow = await Task.WhenAll(Enumerable.Range(0, SlowClients).Select(_ => ConnectAsync(node)));
        using var over = new CancellationTokenSource();
        var large = Request(AnswerBytes);
        var reading = slow.Select(client => ReadSlowlyAsync(client, large, over.Token)).ToArray();
        var beside = await MedianAsync(caller, call);
        var slowBytes = node.ResidentBytes();
        await over.CancelAsync();
        await Task.WhenAll(reading);
        Array.ForEach(slow, client => client.Dispose());
        Array.ForEach(idle, client => client.Dispose());
        var after = await MedianAsync(caller, call);

        log.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"median of a call: alone {alone:0.000} ms, beside {beside:0.000} ms, after {after:0.000} ms; "
            + $"memory: alone {bytes >> 20} MiB, with idle {idleBytes >> 20} MiB, with slow readers {slowBytes >> 20} MiB, "
            + $"after {node.ResidentBytes() >> 20} MiB"));
        Assert.InRange(idleBytes - bytes, long.MinValue, IdleClients * MostBytesOfIdle);
        Assert.All(reading, reader => Assert.True(reader.IsCompletedSuccessfully));
        Assert.InRange(slowBytes - idleBytes, long.MinValue, 2L * SlowClients * AnswerBytes);
    }

    private static async Task<Socket> ConnectAsync(RunningNode node)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port).WaitAsync(Patience);
        return socket;
    }

    /// <summary>A call with a tensor of that many bytes, whose answer has as many.</summary>
    private static byte[] Request(int bytes)
    {
        var json = $$$"""
            {"inputs":[{"name":"x","shape":[{{{bytes / 4}}}],"datatype":"FP32","parameters":{"binary_data_size":{{{bytes}}}}}],
             "parameters":{"binary_data_output":true}}
            """;
        var head = $"POST /v2/models/model/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: {json.Length + bytes}\r\n"
            + $"Inference-Header-Content-Length: {json.Length}\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head + json), .. new byte[bytes]];
    }

    /// <summary>Milliseconds of a call, one after the other over one connection.</summary>
    private static async Task<double> MedianAsync(Socket client, byte[] request)
    {
        var times = new double[Calls];
        var buffer = new byte[16 << 10];
        for (var call = 0; call < Calls; call++)
        {
            var startedAt = Stopwatch.GetTimestamp();
            await client.SendAsync(request);
            await ReadAnswerAsync(client, buffer);
            times[call] = Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[Calls / 2];
    }

    private static async Task ReadAnswerAsync(Socket client, byte[] buffer)
    {
        var (read, length) = (0, int.MaxValue);
        while (read < length)
        {
            read += await client.ReceiveAsync(buffer.AsMemory(read)) is > 0 and var more ? more : throw new EndOfStreamException();
            var end = buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8);
            if (length == int.MaxValue && end >= 0)
            {
                var head = Encoding.ASCII.GetString(buffer, 0, end);
                Assert.StartsWith("HTTP/1.1 200", head, StringComparison.Ordinal);
                var size = head.Split("Content-Length: ")[1].Split('\r')[0];
                length = end + 4 + int.Parse(size, CultureInfo.InvariantCulture);
            }
        }
    }

    /// <summary>Calls, and reads the answer at some kilobytes a second: enough not to be cut off.</summary>
    private static async Task ReadSlowlyAsync(Socket client, byte[] request, CancellationToken over)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var buffer = new byte[4096];
        await client.SendAsync(request);
        try
        {
            while (await timer.WaitForNextTickAsync(over))
            {
                await client.ReceiveAsync(buffer, over);
            }
        }
        catch (OperationCanceledException)
        {
            // It has been slow for long enough.
        }
    }
}
