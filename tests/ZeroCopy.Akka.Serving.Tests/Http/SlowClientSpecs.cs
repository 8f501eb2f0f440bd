using System.Net;
using System.Net.Sockets;
using System.Text;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Tests.Fakes;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Tests.Http;

/// <summary>Clients that take their time hold no model: with one call at a time, others are answered meanwhile.</summary>
public sealed class SlowClientSpecs
{
    private const int Clients = 8;
    private const int AnswerBytes = 8 << 20;
    private const string Body = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""";
    private const string BinaryBody = """
        {"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],"parameters":{"binary_data_output":true}}
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private int _calls;

    [Fact]
    public async Task Infer_should_not_call_the_model_before_the_request_is_there()
    {
        await using var served = await ServedModels.StartAsync(Busy(sizeof(float)));
        var slow = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => SendAsync(served, Body, Body[..^10])));

        (await served.InferAsync("model", Body)).Succeeded();

        Assert.Equal(1, _calls);
        foreach (var client in slow)
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(Body[^10..]));
            Assert.StartsWith("HTTP/1.1 200", await ReadHeadAsync(client), StringComparison.Ordinal);
            client.Dispose();
        }

        Assert.Equal(1 + Clients, _calls);
    }

    [Fact]
    public async Task Infer_should_have_done_with_the_model_when_its_answer_goes()
    {
        await using var served = await ServedModels.StartAsync(Busy(AnswerBytes));
        var slow = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => SendAsync(served, BinaryBody, BinaryBody)));
        foreach (var client in slow)
        {
            // The answer has begun, of which no kernel holds all.
            await client.ReceiveAsync(new byte[1], SocketFlags.Peek).WaitAsync(Patience);
        }

        (await served.InferAsync("model", BinaryBody)).Succeeded();

        Assert.Equal(1 + Clients, _calls);
        Array.ForEach(slow, client => client.Dispose());
    }

    /// <summary>A model that answers with so many bytes to one call at a time.</summary>
    private FakeEndpoint Busy(int bytes)
    {
        var lane = new SemaphoreSlim(1);
        return new FakeEndpoint("model", async call =>
        {
            await lane.WaitAsync(call.CancellationToken);
            try
            {
                Interlocked.Increment(ref _calls);
                return new ModelAnswer(
                    [new NamedTensor("y", new HostTensor(new TensorLayout(DType.Float32, [bytes / sizeof(float)]), new byte[bytes]))]);
            }
            finally
            {
                lane.Release();
            }
        });
    }

    private static async Task<Socket> SendAsync(ServedModels served, string whole, string sent)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, served.Client.BaseAddress!.Port).WaitAsync(Patience);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /v2/models/model/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: {whole.Length}\r\n\r\n{sent}"));
        return socket;
    }

    private static async Task<string> ReadHeadAsync(Socket client)
    {
        var buffer = new byte[64];
        return Encoding.ASCII.GetString(buffer, 0, await client.ReceiveAsync(buffer).WaitAsync(Patience));
    }
}
