using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

/// <summary>Bodies that come in parts, by sockets that send them as they like.</summary>
public sealed class BodyArrivalSpecs
{
    private const string Json = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""";
    private const string Binary = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}""";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("text")]
    [InlineData("binary")]
    [InlineData("gzip")]
    public async Task Infer_should_answer_a_request_whose_body_arrives_while_the_application_ends(string kind)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var body = kind == "binary" ? [.. Encoding.ASCII.GetBytes(Binary), 0, 0, 0x80, 0x3F] : Encoding.ASCII.GetBytes(Json);
        var header = "";
        if (kind == "gzip")
        {
            using var compressed = new MemoryStream();
            using (var stream = new GZipStream(compressed, CompressionLevel.Fastest))
            {
                stream.Write(body);
            }

            (body, header) = (compressed.ToArray(), "Content-Encoding: gzip\r\n");
        }
        else if (kind == "binary")
        {
            header = $"Inference-Header-Content-Length: {Binary.Length}\r\n";
        }

        using var idle = await ConnectAsync(served);
        await idle.SendAsync("GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        Assert.NotEmpty(await ReadAsync(idle));
        using var client = await ConnectAsync(served);
        await SendAsync(client, $"{header}Content-Length: {body.Length}");
        await client.SendAsync(body.AsMemory(0, body.Length - 2));
        // The request is being read by the time when another one is answered.
        (await served.InferAsync("identity", Json)).Succeeded();
        var stopping = served.Application.StopAsync();

        // The server goes through its connections.
        Assert.Equal(0, await idle.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        await client.SendAsync(body.AsMemory(body.Length - 2));

        Assert.StartsWith("HTTP/1.1 200", await ReadAsync(client), StringComparison.Ordinal);
        await stopping.WaitAsync(Patience);
    }

    [Fact]
    public async Task Infer_should_count_its_timeout_from_the_arrival_of_the_request()
    {
        var clock = new FakeTimeProvider();
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartWithAsync(services => services.AddSingleton<TimeProvider>(clock), endpoint);
        using var client = await ConnectAsync(served);
        var json = Binary[..^1] + ""","parameters":{"timeout":5000000}}""";
        await SendAsync(client, $"Inference-Header-Content-Length: {json.Length}\r\nContent-Length: {json.Length + 4}");
        await client.SendAsync(Encoding.ASCII.GetBytes(json));
        var answer = ReadAsync(client);

        // The rest of the body never comes. The timer starts when the server has read the text, which may be after the first steps.
        while (!answer.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.StartsWith("HTTP/1.1 504", await answer, StringComparison.Ordinal);
        Assert.Contains("5 s", await answer, StringComparison.Ordinal);
        Assert.Equal(0, endpoint.Calls);
    }

    [Fact]
    public async Task Rpc_should_count_its_timeout_from_the_arrival_of_the_request()
    {
        var (clock, arrived) = (new FakeTimeProvider(), new TaskCompletionSource());
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartWithAsync(
            services => services.AddSingleton<TimeProvider>(clock),
            application => application.Use(next => context =>
            {
                // It waits for its message when this returns.
                var running = next(context);
                arrived.SetResult();
                return running;
            }),
            endpoint);
        var call = new ModelInferRequest
        {
            ModelName = "identity",
            Parameters = { ["timeout"] = new InferParameter { Int64Param = 5_000_000 } },
        }.ToByteArray();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"{served.RpcAddress}/inference.GRPCInferenceService/ModelInfer")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new PushContent(async body =>
            {
                await body.FlushAsync();
                await arrived.Task.WaitAsync(Patience);
                clock.Advance(TimeSpan.FromSeconds(6));
                await body.WriteAsync(new byte[] { 0, 0, 0, 0, (byte)call.Length });
                await body.WriteAsync(call);
            }),
        };
        request.Content.Headers.ContentType = new("application/grpc");

        using var response = await client.SendAsync(request).WaitAsync(Patience);

        var status = response.TrailingHeaders.Concat(response.Headers).First(header => header.Key == "grpc-status").Value;
        Assert.Equal([$"{(int)StatusCode.DeadlineExceeded}"], status);
        Assert.Equal(0, endpoint.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Infer_should_tell_a_client_that_it_sends_too_much_however_it_sends(bool isChunked)
    {
        const int Size = 8 << 20;
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 1 << 20, FakeEndpoint.Identity());
        using var client = await ConnectAsync(served);
        await SendAsync(client, isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Size}");
        if (isChunked)
        {
            await client.SendAsync(Encoding.ASCII.GetBytes($"{Size.ToString("x", CultureInfo.InvariantCulture)}\r\n"));
        }

        // As clients do that look for an answer when all is sent.
        var bytes = Enumerable.Repeat((byte)' ', Size).ToArray();
        for (var sent = 0; sent < Size;)
        {
            sent += await client.SendAsync(bytes.AsMemory(sent)).AsTask().WaitAsync(Patience);
        }

        await client.SendAsync(isChunked ? "\r\n0\r\n\r\n"u8.ToArray() : []);

        var answer = await ReadAsync(client);
        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("MaxBodyBytes", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_should_take_memory_for_a_tensor_as_it_comes_and_not_as_it_is_announced()
    {
        const long Claimed = 1_500_000_000;
        await using var served = await ServedModels.StartAsync(
            options => (options.MaxBodyBytes, options.MaxElements) = (2L << 30, 2L << 30), FakeEndpoint.Identity());
        var json = $$$"""
            {"inputs":[{"name":"x","shape":[{{{Claimed}}}],"datatype":"INT8","parameters":{"binary_data_size":{{{Claimed}}}}}]}
            """;
        var before = GC.GetTotalAllocatedBytes();
        using (var client = await ConnectAsync(served))
        {
            await SendAsync(client, $"Inference-Header-Content-Length: {json.Length}\r\nContent-Length: {json.Length + Claimed}");
            await client.SendAsync(Encoding.ASCII.GetBytes($"{json}{new string(' ', 100)}"));
            (await served.InferAsync("identity", Json)).Succeeded();
        }

        // Waits for the request that is under way.
        await served.Application.StopAsync();

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, Claimed / 2);
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(9 << 20)]
    public async Task Infer_should_read_a_large_tensor_whole(int size)
    {
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(endpoint);
        var bytes = new byte[size];
        new Random(1).NextBytes(bytes);

        var answer = await served.InferAsync(
            "identity",
            $$$"""
            {"inputs":[{"name":"x","shape":[{{{size}}}],"datatype":"INT8","parameters":{"binary_data_size":{{{size}}}}}],
             "parameters":{"binary_data_output":true}}
            """,
            bytes);

        Assert.True(answer.Succeeded().Binary.AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task Infer_should_tell_a_client_that_its_body_comes_too_slowly()
    {
        await using var served = await ServedModels.StartWithAsync(
            services => services.Configure<KestrelServerOptions>(server => server.Limits.MinRequestBodyDataRate =
                // The least that a server can be told; it looks once a second.
                new MinDataRate(bytesPerSecond: 1_000_000, gracePeriod: TimeSpan.FromSeconds(1.1))),
            FakeEndpoint.Identity());
        using var client = await ConnectAsync(served);
        await SendAsync(client, $"Content-Length: {Json.Length}");
        await client.SendAsync(Encoding.ASCII.GetBytes(Json[..^1]));

        var answer = await ReadAsync(client);

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.Contains("""{"error":"The body cannot be read: """, answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_should_refuse_headers_that_are_too_many_and_go_on()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        using var client = await ConnectAsync(served);

        // In one packet: what it has not read when it closes a connection may take the answer with it.
        await SendAsync(client, string.Join("\r\n", Enumerable.Range(0, 101).Select(i => $"X-{i}: 1")));

        Assert.StartsWith("HTTP/1.1 431", await ReadAsync(client), StringComparison.Ordinal);
        (await served.InferAsync("identity", Json)).Succeeded();
    }

    private static async Task<Socket> ConnectAsync(ServedModels served)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, served.Client.BaseAddress!.Port).WaitAsync(Patience);
        return socket;
    }

    private static async Task SendAsync(Socket client, string headers) => await client.SendAsync(
        Encoding.ASCII.GetBytes($"POST /v2/models/identity/infer HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n"));

    /// <summary>The answer's head, and what of its body came with it.</summary>
    private static async Task<string> ReadAsync(Socket client)
    {
        var (buffer, text) = (new byte[4096], "");
        while (!text.Contains('}', StringComparison.Ordinal)
            && await client.ReceiveAsync(buffer).WaitAsync(Patience) is > 0 and var read)
        {
            text += Encoding.ASCII.GetString(buffer, 0, read);
        }

        return text;
    }

    private sealed class PushContent(Func<Stream, Task> push) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => push(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
