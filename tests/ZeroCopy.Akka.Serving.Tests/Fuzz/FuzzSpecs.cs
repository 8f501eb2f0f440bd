using System.Net;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Fuzz;

/// <summary>Requests with bytes changed at random: each gets a status that fits, and the server lives.</summary>
public sealed class FuzzSpecs
{
    private const int Rounds = 400;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly byte[] Json = """
        {"id":"7","parameters":{"timeout":1000000,"sequence_id":3,"binary_data_output":true},
         "inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2.5],["NaN",-4e3]]},
                   {"name":"t","shape":[1],"datatype":"BYTES","data":["text"]},
                   {"name":"r","shape":[1],"datatype":"INT8",
                    "parameters":{"shared_memory_region":"r","shared_memory_byte_size":1,"shared_memory_offset":0}}],
         "outputs":[{"name":"output","parameters":{"binary_data":false}}]}
        """u8.ToArray();

    private static readonly byte[] SmallJson =
        """{"key":"/no-such-object","offset":0,"byte_size":64,"ready":true,"parameters":{}}"""u8.ToArray();

    private static readonly byte[] JsonOfBinary = """
        {"inputs":[{"name":"x","shape":[2],"datatype":"INT16","parameters":{"binary_data_size":4}},
                   {"name":"t","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":6}}]}
        """u8.ToArray();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Rest_should_answer_whatever_it_is_sent(int seed)
    {
        var random = new Random(seed);
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 4096, First());
        for (var round = 0; round < Rounds; round++)
        {
            var isBinary = random.Next(2) == 0;
            var body = Mutation.Of(isBinary ? [.. JsonOfBinary, 1, 0, 2, 0, 2, 0, 0, 0, .. "hi"u8] : Json, random);
            int? jsonLength = isBinary ? random.Next(8) == 0 ? random.Next(-1, body.Length + 2) : JsonOfBinary.Length : null;
            using var request = ServedModels.Request("identity", body, jsonLength);
            if (random.Next(10) == 0)
            {
                request.Content!.Headers.ContentEncoding.Add(random.Next(2) == 0 ? "gzip" : "deflate");
            }

            var status = await StatusAsync(served, request, $"{seed}/{round} {Encoding.UTF8.GetString(body)}");

            Assert.True(status is 200 or 400 or 413, $"{seed}/{round}: {status} {Encoding.UTF8.GetString(body)}");
        }

        Assert.Equal(HttpStatusCode.OK, (await served.GetAsync("/v2/health/ready")).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Paths_and_small_requests_should_be_answered_whatever_they_are(int seed)
    {
        string[] paths =
        [
            "/v2/models/identity/versions/1/ready", "/v2/models/identity/config", "/v2/models/identity/stats", "/v2/repository/index",
            "/v2/repository/models/identity/load", "/v2/systemsharedmemory/region/r/register", "/v2/systemsharedmemory/unregister",
        ];
        var random = new Random(seed);
        await using var served = await ServedModels.StartAsync(options => options.SharedMemory = true, First());
        for (var round = 0; round < Rounds; round++)
        {
            var path = Encoding.Latin1.GetString(Mutation.Of(Encoding.Latin1.GetBytes(paths[random.Next(paths.Length)]), random));
            path = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
            var body = Mutation.Of(SmallJson, random);
            using var request = new HttpRequestMessage(random.Next(2) == 0 ? HttpMethod.Get : HttpMethod.Post, $"/{path.TrimStart('/')}");
            request.Content = request.Method == HttpMethod.Post ? new ByteArrayContent(body) : null;

            var status = await StatusAsync(served, request, $"{seed}/{round} {request.Method} {path}");

            Assert.True(status is 200 or 400 or 404 or 405 or 501, $"{seed}/{round}: {status} {request.Method} {path}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Grpc_should_answer_whatever_it_is_sent(int seed)
    {
        var random = new Random(seed);
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 4096, First());
        byte[][] originals = [Raw().ToByteArray(), Typed().ToByteArray()];
        for (var round = 0; round < Rounds; round++)
        {
            var message = Mutation.Of(originals[random.Next(originals.Length)], random);
            try
            {
                await served.Rpc.CallRawAsync("ModelInfer", message);
            }
            catch (RpcException e)
            {
                Assert.True(
                    e.StatusCode is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.ResourceExhausted,
                    $"{seed}/{round}: {e.Status} {Convert.ToHexString(message)}");
            }
        }

        Assert.Single((await served.Rpc.Infer(RpcRequest.One())).Outputs);
    }

    /// <summary>Each message is answered, or ends its stream and no other.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Stream_of_grpc_should_answer_whatever_it_is_sent(int seed)
    {
        var random = new Random(seed);
        using var late = new CancellationTokenSource(Patience);
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 4096, First());
        byte[][] originals = [Raw().ToByteArray(), Typed().ToByteArray()];
        using var other = served.Rpc.Stream(new Grpc.Core.CallOptions(cancellationToken: late.Token));
        RpcClient? client = null;
        AsyncDuplexStreamingCall<byte[], byte[]>? stream = null;
        for (var round = 0; round < Rounds; round++)
        {
            var message = Mutation.Of(originals[random.Next(originals.Length)], random);
            // On a connection of its own: a client that breaks off hundreds of streams on one is refused further ones.
            stream ??= (client = new RpcClient(served.RpcAddress)).StreamRaw(late.Token);
            try
            {
                await stream.RequestStream.WriteAsync(message);
                Assert.True(await stream.ResponseStream.MoveNext(late.Token), $"{seed}/{round}: {Convert.ToHexString(message)}");
            }
            catch (RpcException e)
            {
                Assert.True(
                    e.StatusCode is StatusCode.InvalidArgument or StatusCode.ResourceExhausted,
                    $"{seed}/{round}: {e.Status} {Convert.ToHexString(message)}");
                End();
            }
        }

        End();
        await other.RequestStream.WriteAsync(RpcRequest.One());
        Assert.True(await other.ResponseStream.MoveNext(late.Token));
        Assert.Equal("", other.ResponseStream.Current.ErrorMessage);

        void End()
        {
            stream?.Dispose();
            client?.Dispose();
            stream = null;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Small_methods_of_grpc_should_answer_whatever_they_are_sent(int seed)
    {
        string[] methods =
        [
            .. OpenInferenceReflection.Descriptor.Services.Single().Methods
                .Where(method => !method.IsClientStreaming && method.Name != "ModelInfer").Select(method => method.Name),
        ];
        // Its first two fields are those of a name and a version too.
        var original = new SystemSharedMemoryRegisterRequest { Name = "identity", Key = "1", Offset = 1, ByteSize = 64 }.ToByteArray();
        var random = new Random(seed);
        await using var served = await ServedModels.StartAsync(options => options.SharedMemory = true, First());
        for (var round = 0; round < Rounds; round++)
        {
            var (method, message) = (methods[random.Next(methods.Length)], Mutation.Of(original, random));
            try
            {
                await served.Rpc.CallRawAsync(method, message);
            }
            catch (RpcException e)
            {
                Assert.True(
                    e.StatusCode is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.ResourceExhausted
                        or StatusCode.Unimplemented,
                    $"{seed}/{round}: {method} {e.Status} {Convert.ToHexString(message)}");
            }
        }

        Assert.Single((await served.Rpc.Infer(RpcRequest.One())).Outputs);
    }

    /// <summary>Answers with its first input, where it has one.</summary>
    private static FakeEndpoint First() => new(
        "identity", call => new ModelAnswer([.. call.Inputs.Take(1).Select(input => input with { Name = "output" })]));

    private static async Task<int> StatusAsync(ServedModels served, HttpRequestMessage request, string what)
    {
        try
        {
            using var response = await served.Client.SendAsync(request);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException e)
        {
            throw new InvalidOperationException(what, e);
        }
    }

    private static ModelInferRequest Raw()
    {
        var request = RpcRequest.Raw("INT16", [2], 1, 0, 2, 0);
        request.Inputs.Add(RpcRequest.Input("t", "BYTES", 1));
        request.RawInputContents.Add(ByteString.CopyFrom([2, 0, 0, 0, .. "hi"u8]));
        request.Parameters.Add("timeout", new InferParameter { Int64Param = 1_000_000 });
        request.Outputs.Add(RpcRequest.Output("output"));
        request.Outputs[0].Parameters.Add("classification", new InferParameter { Int64Param = 0 });
        return request;
    }

    private static ModelInferRequest Typed()
    {
        var request = RpcRequest.Typed("FP32", [2], new InferTensorContents { Fp32Contents = { 1, 2 } });
        request.Inputs.Add(RpcRequest.Input("n", "INT8", 3));
        request.Inputs[1].Contents = new InferTensorContents { IntContents = { 1, -2, 3 } };
        request.Parameters.Add("sequence_id", new InferParameter { StringParam = "s" });
        return request;
    }
}
