using System.Buffers;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Http;
using ZeroCopy.Serving.Settings;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class CompressionSpecs
{
    private const string Json = """{"inputs":[{"name":"x","shape":[3],"datatype":"INT8","parameters":{"binary_data_size":3}}]}""";

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("deflate")]
    public async Task Infer_should_take_a_compressed_body(string encoding)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.SendAsync(Request(encoding, Compressed(encoding, [.. Encoding.UTF8.GetBytes(Json), 1, 2, 3])));

        Assert.Equal("[1,2,3]", answer.Succeeded().Output().GetProperty("data").GetRawText());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Infer_should_refuse_a_body_that_grows_beyond_the_limit(string encoding)
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 1 << 20, FakeEndpoint.Identity());
        var bomb = Compressed(encoding, [.. Enumerable.Repeat((byte)' ', 64 << 20)]);
        Assert.True(bomb.Length < 1 << 20);

        (await served.SendAsync(Request(encoding, bomb, null))).Failed(413, "1048576", "MaxBodyBytes");
    }

    [Fact]
    public async Task Infer_should_refuse_a_body_that_goes_on_and_holds_nothing()
    {
        const int Limit = 1 << 20;
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = Limit, FakeEndpoint.Identity());
        byte[] emptyBlock = [0, 0, 0, 0xFF, 0xFF];
        var body = Enumerable.Repeat(emptyBlock, (Limit / emptyBlock.Length) + 10_000).SelectMany(block => block);
        var request = Request("deflate", [0x78, 0x01, .. body], null);
        request.Headers.TransferEncodingChunked = true;

        (await served.SendAsync(request)).Failed(413, "MaxBodyBytes");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Infer_should_refuse_a_body_that_is_not_what_its_encoding_says(string encoding)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        (await served.SendAsync(Request(encoding, Encoding.UTF8.GetBytes(Json)))).Failed(400, "cannot be decompressed");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Infer_should_refuse_a_compressed_body_that_is_cut_off(string encoding)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var whole = Compressed(encoding, [.. Encoding.UTF8.GetBytes(Json), 1, 2, 3]);

        (await served.SendAsync(Request(encoding, whole[..^12]))).Failed(400);
    }

    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("gzip", 8)]
    [InlineData("deflate", 1)]
    [InlineData("deflate", 4)]
    public async Task Infer_should_refuse_a_compressed_body_that_is_cut_off_behind_its_content(string encoding, int missing)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var whole = Compressed(encoding, """{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]}]}"""u8.ToArray());

        (await served.SendAsync(Request(encoding, whole, null))).Succeeded();
        (await served.SendAsync(Request(encoding, whole[..^missing], null))).Failed(400, "cannot be decompressed");
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip, deflate")]
    public async Task Infer_should_name_the_encodings_that_it_takes(string encoding)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        (await served.SendAsync(Request(encoding, [1, 2, 3]))).Failed(415, $"'{encoding}'", "gzip, deflate or identity");
    }

    /// <summary>Few bytes that have come may become many: other calls miss a thread of the pool that is kept until the last.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task RequestBody_should_let_others_have_their_turn_while_it_decompresses(string encoding)
    {
        const int Turn = 256 << 10;
        var content = new byte[16 * Turn];
        new Random(1).NextBytes(content);
        var source = new ThreadCountedStream(Compressed(encoding, content));
        var context = new DefaultHttpContext { Request = { Body = source } };
        context.Request.Headers.ContentEncoding = encoding;
        await using var body = RequestBody.Open(context.Request, new ServingOptions());

        var reading = body.ReadTextAsync(null, CancellationToken.None);
        var atOnce = source.BytesOfItsThread;

        Assert.InRange(atOnce, 0, Turn);
        Assert.Equal(content, (await reading).ToArray());
    }

    private static HttpRequestMessage Request(string encoding, byte[] body) => Request(encoding, body, Json.Length);

    private static HttpRequestMessage Request(string encoding, byte[] body, int? jsonLength)
    {
        var request = ServedModels.Request("identity", body, jsonLength);
        request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return request;
    }

    private static byte[] Compressed(string encoding, byte[] body)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding == "deflate"
            ? new ZLibStream(compressed, CompressionLevel.Optimal)
            : new GZipStream(compressed, CompressionLevel.Optimal))
        {
            stream.Write(body);
        }

        return compressed.ToArray();
    }

    /// <summary>Has all of its bytes at once, and counts those that the thread reads which made it.</summary>
    private sealed class ThreadCountedStream(byte[] bytes) : MemoryStream(bytes)
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;

        public long BytesOfItsThread { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = Read(buffer.Span);
            BytesOfItsThread += Environment.CurrentManagedThreadId == _thread ? read : 0;
            return ValueTask.FromResult(read);
        }
    }
}
