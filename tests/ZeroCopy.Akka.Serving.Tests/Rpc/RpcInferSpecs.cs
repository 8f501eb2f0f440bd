using Google.Protobuf;
using Grpc.Core;
using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;
using ZeroCopy.Tensors;
using static ZeroCopy.Serving.Tests.Fakes.RpcRequest;

namespace ZeroCopy.Serving.Tests.Rpc;

public sealed class RpcInferSpecs
{
    private static readonly byte[] Six = [.. Enumerable.Range(1, 96).Select(value => (byte)value)];

    public static TheoryData<string, int> Raws => new()
    {
        { "UINT8", 1 }, { "UINT16", 2 }, { "UINT32", 4 }, { "UINT64", 8 }, { "INT8", 1 }, { "INT16", 2 }, { "INT32", 4 }, { "INT64", 8 },
        { "FP16", 2 }, { "BF16", 2 }, { "FP32", 4 }, { "FP64", 8 },
    };

    [Theory]
    [MemberData(nameof(Raws))]
    public async Task Infer_should_take_raw_elements_of_every_datatype_and_send_them_so(string datatype, int size)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var reply = await served.Rpc.Infer(Raw(datatype, [2, 3], Six[..(6 * size)]));

        var output = Assert.Single(reply.Outputs);
        Assert.Equal(("output", datatype), (output.Name, output.Datatype));
        Assert.Equal([2, 3], output.Shape);
        Assert.Equal(Six[..(6 * size)], Assert.Single(reply.RawOutputContents).ToByteArray());
    }

    [Fact]
    public async Task Infer_should_take_elements_as_lists_of_every_datatype_that_has_one()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        await EqualAsync("BOOL", new InferTensorContents { BoolContents = { true, false } }, 1, 0);
        await EqualAsync("INT8", new InferTensorContents { IntContents = { -1, 127 } }, Bytes<sbyte>(-1, 127));
        await EqualAsync("INT16", new InferTensorContents { IntContents = { -2, 300 } }, Bytes<short>(-2, 300));
        await EqualAsync("INT32", new InferTensorContents { IntContents = { -3, int.MaxValue } }, Bytes(-3, int.MaxValue));
        await EqualAsync("INT64", new InferTensorContents { Int64Contents = { -4, long.MaxValue } }, Bytes(-4L, long.MaxValue));
        await EqualAsync("UINT8", new InferTensorContents { UintContents = { 1, 255 } }, Bytes<byte>(1, 255));
        await EqualAsync("UINT16", new InferTensorContents { UintContents = { 2, 65535 } }, Bytes<ushort>(2, 65535));
        await EqualAsync("UINT32", new InferTensorContents { UintContents = { 3, uint.MaxValue } }, Bytes(3u, uint.MaxValue));
        await EqualAsync("UINT64", new InferTensorContents { Uint64Contents = { 4, ulong.MaxValue } }, Bytes(4ul, ulong.MaxValue));
        await EqualAsync("FP32", new InferTensorContents { Fp32Contents = { 1.5f, float.NaN } }, Bytes(1.5f, float.NaN));
        await EqualAsync("FP64", new InferTensorContents { Fp64Contents = { -0.1, double.MaxValue } }, Bytes(-0.1, double.MaxValue));

        async Task EqualAsync(string datatype, InferTensorContents contents, params byte[] expected)
        {
            var reply = await served.Rpc.Infer(Typed(datatype, [2], contents));
            Assert.Equal(datatype, Assert.Single(reply.Outputs).Datatype);
            Assert.Equal(expected, Assert.Single(reply.RawOutputContents).ToByteArray());
        }
    }

    [Fact]
    public async Task Infer_should_take_and_send_texts()
    {
        var endpoint = new FakeEndpoint("identity", call => new ModelAnswer([NamedTensor.OfText("answer", call.Inputs[0].ToText() + "!")]));
        await using var served = await ServedModels.StartAsync(endpoint);

        var text = new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("grüß") } };
        var typed = await served.Rpc.Infer(Typed("BYTES", [1], text));
        var raw = await served.Rpc.Infer(Raw("BYTES", [1], [2, 0, 0, 0, .. "hi"u8]));

        Assert.Equal([7, 0, 0, 0, .. "grüß!"u8], typed.RawOutputContents[0].ToByteArray());
        Assert.Equal([3, 0, 0, 0, .. "hi!"u8], raw.RawOutputContents[0].ToByteArray());
        Assert.Equal(("BYTES", 1L), (raw.Outputs[0].Datatype, Assert.Single(raw.Outputs[0].Shape)));
    }

    [Fact]
    public async Task Infer_should_tell_the_model_what_the_request_says()
    {
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(
            endpoint, new FakeEndpoint("identity", _ => new ModelAnswer([])) { Version = 2 });
        var request = Raw("FP32", [1], Bytes(1f));
        request.ModelVersion = "1";
        request.Id = "seven";
        request.Parameters.Add("method", new InferParameter { StringParam = "embed" });
        request.Parameters.Add("sequence_id", new InferParameter { Uint64Param = 12 });
        request.Parameters.Add("priority", new InferParameter { Uint64Param = ulong.MaxValue });

        var reply = await served.Rpc.Infer(request);

        Assert.Equal(("identity", "1", "seven"), (reply.ModelName, reply.ModelVersion, reply.Id));
        Assert.Equal(("embed", "12", "x"), (endpoint.Last!.Method, endpoint.Last.Options!.HashKey, endpoint.Last.Inputs[0].Name));
    }

    [Fact]
    public async Task Infer_should_take_a_sequence_of_64_bits()
    {
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(endpoint);
        var request = One();
        request.Parameters.Add("sequence_id", new InferParameter { Uint64Param = ulong.MaxValue });

        await served.Rpc.Infer(request);

        Assert.Equal("18446744073709551615", endpoint.Last!.Options!.HashKey);
    }

    [Fact]
    public async Task Infer_should_send_the_outputs_that_are_asked_for_in_the_models_order()
    {
        var endpoint = new FakeEndpoint("identity", _ => new ModelAnswer(
            [NamedTensor.OfText("a", "1"), NamedTensor.OfText("b", "2"), NamedTensor.OfText("c", "3")]));
        await using var served = await ServedModels.StartAsync(endpoint);
        var request = One();
        request.Outputs.Add(Output("c"));
        request.Outputs.Add(Output("a"));

        var reply = await served.Rpc.Infer(request);

        Assert.Equal(["a", "c"], reply.Outputs.Select(output => output.Name));
        request.Outputs.Add(Output("d"));
        await served.Rpc.RefusedAsync(request, StatusCode.InvalidArgument, "There is no output 'd'; there are: a, b, c.");
    }

    [Fact]
    public async Task Infer_should_keep_the_answers_memory_until_it_is_sent_and_no_longer()
    {
        var bytes = new byte[1 << 20];
        bytes[^1] = 7;
        var memory = new Overwritten(bytes);
        await using var served = await ServedModels.StartAsync(new FakeEndpoint("identity", _ => new ModelAnswer(
            [new NamedTensor("output", new HostTensor(new TensorLayout(DType.UInt8, bytes.Length), bytes))], memory)));

        var reply = await served.Rpc.Infer(One());

        Assert.Equal(7, reply.RawOutputContents[0].Span[^1]);
        await memory.Done.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Infer_should_take_a_message_that_is_compressed()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var reply = await served.Rpc.Infer(
            Raw("UINT8", [100_000], new byte[100_000]),
            new Grpc.Core.CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } }));

        Assert.Equal(100_000, reply.RawOutputContents[0].Length);
    }

    /// <summary>Memory that holds something else when it is released.</summary>
    private sealed class Overwritten(byte[] bytes) : IDisposable
    {
        private readonly TaskCompletionSource _done = new();

        public Task Done => _done.Task;

        public void Dispose()
        {
            Array.Clear(bytes);
            _done.SetResult();
        }
    }
}
