using Google.Protobuf;
using Grpc.Core;
using ZeroCopy.Errors;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;
using static ZeroCopy.Serving.Tests.Fakes.RpcRequest;

namespace ZeroCopy.Serving.Tests.Rpc;

public sealed class RpcRefusalSpecs
{
    /// <summary>What is wrong, and words of the answer.</summary>
    private static readonly Dictionary<string, (ModelInferRequest Request, string Words)> Wrong = new()
    {
        ["no name"] = (new ModelInferRequest { ModelName = "identity", Inputs = { Input("", "FP32", 1) } }, "inputs[0] has no name."),
        ["no elements"] = (
            new ModelInferRequest { ModelName = "identity", Inputs = { Input("x", "FP32", 1) } }, "inputs[0] has no elements"),
        ["no datatype"] = (Raw("", [1], 1), "inputs[0].datatype is '' but must be one of BOOL,"),
        ["datatype"] = (Raw("FLOAT", [1], 1), "inputs[0].datatype is 'FLOAT'"),
        ["negative"] = (Raw("INT8", [2, -1], 1), "inputs[0].shape is -1 but must be a whole number from 0 to 9223372036854775807."),
        ["overflow"] = (Raw("INT8", [1L << 40, 1L << 40], 1), "more elements than 63 bits count"),
        ["elements"] = (Raw("INT8", [1L << 40], 1), "(zerocopy.serving.max-elements, ServingOptions.MaxElements)"),
        ["dimensions"] = (Raw("INT8", [.. Enumerable.Repeat(1L, 65)], 1), "inputs[0].shape has more than 64 dimensions."),
        ["short"] = (Raw("INT32", [2], 1, 2, 3), "raw_input_contents[0] has 3 bytes, but INT32 of shape [2] takes 8 bytes."),
        ["bool"] = (Raw("BOOL", [2], 1, 2), "Input 'x' has 2 as element 1, but a BOOL is 0 or 1."),
        ["text's length"] = (Raw("BYTES", [1], 9, 0, 0, 0, 1), "starts with a text of 9 bytes, but 1 follow"),
        ["short text"] = (Raw("BYTES", [1], 9), "a text takes its length of 4 bytes at least"),
        ["text"] = (Raw("BYTES", [1], 1, 0, 0, 0, 0xFF), "not valid UTF-8"),
        ["texts"] = (Raw("BYTES", [2], 1, 0, 0, 0, 65), "inputs[0] has 2 texts"),
        ["list of another type"] = (
            Typed("FP32", [1], new InferTensorContents { IntContents = { 1 } }),
            "inputs[0].contents.fp32_contents has 0 elements, but shape [1] has 1."),
        ["narrow"] = (
            Typed("INT8", [1], new InferTensorContents { IntContents = { 128 } }),
            "inputs[0].contents.int_contents has 128, which INT8 does not hold."),
        ["half"] = (Typed("FP16", [1], new InferTensorContents()), "cannot hold FP16: such elements come in raw_input_contents."),
        ["surplus"] = (
            new ModelInferRequest(Raw("INT8", [0])) { RawInputContents = { ByteString.Empty } }, "has 2 entries, but the inputs have 1"),
        ["both"] = (
            new ModelInferRequest(Typed("INT8", [1], new InferTensorContents())) { RawInputContents = { ByteString.Empty } },
            "inputs[0] has contents, but the request has raw_input_contents."),
        ["twice"] = (
            new ModelInferRequest(Raw("INT8", [0])) { Inputs = { Input("x", "INT8", 0) }, RawInputContents = { ByteString.Empty } },
            "Two inputs have the name 'x'."),
        ["output twice"] = (
            new ModelInferRequest(One()) { Outputs = { Output("o"), Output("o") } },
            "The output 'o' is asked for twice."),
        ["parameter"] = (
            new ModelInferRequest(One()) { Parameters = { ["timeout"] = new InferParameter { StringParam = "1" } } },
            "parameters.timeout is a string but must be a whole number"),
        ["priority"] = (
            new ModelInferRequest(One()) { Parameters = { ["priority"] = new InferParameter { StringParam = "high" } } },
            "parameters.priority is a string but must be a whole number"),
        ["empty parameter"] = (
            new ModelInferRequest(One()) { Parameters = { ["timeout"] = new InferParameter() } }, "parameters.timeout has no value."),
        ["version"] = (
            new ModelInferRequest(One()) { ModelVersion = "new" }, "The version is 'new' but must be a whole number from 1 to 2147483647."),
    };

    public static TheoryData<string> Cases => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Infer_should_refuse_what_is_no_request_and_name_the_field(string wrong)
    {
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(endpoint);

        await served.Rpc.RefusedAsync(Wrong[wrong].Request, StatusCode.InvalidArgument, Wrong[wrong].Words);

        Assert.Equal(0, endpoint.Calls);
        Assert.Single((await served.Rpc.Infer(One())).Outputs);
    }

    [Theory]
    [InlineData(InferenceFailure.InvalidInput, StatusCode.InvalidArgument)]
    [InlineData(InferenceFailure.MethodNotFound, StatusCode.InvalidArgument)]
    [InlineData(InferenceFailure.ModelNotFound, StatusCode.NotFound)]
    [InlineData(InferenceFailure.Overloaded, StatusCode.ResourceExhausted)]
    [InlineData(InferenceFailure.MessageTooLarge, StatusCode.ResourceExhausted)]
    [InlineData(InferenceFailure.DeadlineExceeded, StatusCode.DeadlineExceeded)]
    [InlineData(InferenceFailure.ShuttingDown, StatusCode.Unavailable)]
    [InlineData(InferenceFailure.LoadFailed, StatusCode.Unavailable)]
    [InlineData(InferenceFailure.ModelError, StatusCode.Internal)]
    [InlineData(InferenceFailure.ActorCrashed, StatusCode.Internal)]
    public async Task Infer_should_say_by_its_status_why_the_model_did_not_answer(InferenceFailure failure, StatusCode status)
    {
        await using var served = await ServedModels.StartAsync(
            new FakeEndpoint("identity", FakeEndpoint.Fail(new InferenceException(failure, "It went\nwrong."))));

        await served.Rpc.RefusedAsync(One(), status, "It went wrong.");
    }

    [Theory]
    [InlineData(InferenceFailure.Overloaded, "1500")]
    [InlineData(InferenceFailure.ShuttingDown, "1500")]
    [InlineData(InferenceFailure.MessageTooLarge, null)]
    [InlineData(InferenceFailure.ModelError, null)]
    public async Task Infer_should_say_when_to_come_back_where_that_helps(InferenceFailure failure, string? milliseconds)
    {
        await using var served = await ServedModels.StartAsync(
            options => options.RetryAfter = TimeSpan.FromSeconds(1.5),
            new FakeEndpoint("identity", FakeEndpoint.Fail(new InferenceException(failure, "No."))));

        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await served.Rpc.Infer(One()));

        Assert.Equal(milliseconds, refusal.Trailers.GetValue("grpc-retry-pushback-ms"));
    }

    [Fact]
    public async Task Infer_should_blame_the_caller_for_what_the_model_cannot_compute_with()
    {
        var refused = new InferenceException(InferenceFailure.ModelError, "Sizes do not fit.") { CausedByInput = true };
        await using var served = await ServedModels.StartAsync(new FakeEndpoint("identity", FakeEndpoint.Fail(refused)));

        await served.Rpc.RefusedAsync(One(), StatusCode.InvalidArgument, "Sizes do not fit.");
    }

    [Fact]
    public async Task Infer_should_keep_the_servers_own_faults_to_itself()
    {
        await using var served = await ServedModels.StartAsync(
            new FakeEndpoint("identity", FakeEndpoint.Fail(new InvalidOperationException("secret"))));

        var refusal = await served.Rpc.RefusedAsync(One(), StatusCode.Internal, "The server failed; its log has the error.");

        Assert.DoesNotContain("secret", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_should_shorten_a_message_that_would_not_fit_a_clients_headers()
    {
        await using var served = await ServedModels.StartAsync(new FakeEndpoint(
            "identity", FakeEndpoint.Fail(new InferenceException(InferenceFailure.ModelError, new string('e', 100_000)))));

        var refusal = await served.Rpc.RefusedAsync(One(), StatusCode.Internal, "eee");

        Assert.Equal(2001, refusal.Status.Detail.Length);
    }

    [Fact]
    public async Task Infer_should_count_what_a_message_takes_in_headers()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var refusal = await served.Rpc.RefusedAsync(
            new ModelInferRequest(One()) { ModelName = new string('模', 900) }, StatusCode.NotFound, "There is no model '模模");

        Assert.InRange(Uri.EscapeDataString(refusal.Status.Detail).Length, 1500, 2100);
    }

    [Fact]
    public async Task Infer_should_refuse_elements_in_two_lists()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        await served.Rpc.RefusedAsync(
            Typed("FP32", [1], new InferTensorContents { Fp32Contents = { 1 }, IntContents = { 1 } }), StatusCode.InvalidArgument,
            "inputs[0].contents has elements in other lists than fp32_contents");
    }

    [Fact]
    public async Task Infer_should_know_no_model_that_the_directory_does_not()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        await served.Rpc.RefusedAsync(new ModelInferRequest(), StatusCode.NotFound, "There is no model '' here.");
        await served.Rpc.RefusedAsync(
            new ModelInferRequest(One()) { ModelVersion = "4" }, StatusCode.NotFound, "no version 4 of a model 'identity'");
    }

    [Fact]
    public async Task Infer_should_refuse_more_tensors_and_outputs_than_its_options_allow()
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxTensors = 1, FakeEndpoint.Identity());
        var inputs = new ModelInferRequest(One()) { Inputs = { Input("y", "INT8", 0) } };
        var outputs = new ModelInferRequest(One()) { Outputs = { Output("a"), Output("b") } };

        await served.Rpc.RefusedAsync(
            inputs, StatusCode.InvalidArgument, "more than 1 inputs (zerocopy.serving.max-tensors, ServingOptions.MaxTensors)");
        await served.Rpc.RefusedAsync(
            outputs, StatusCode.InvalidArgument, "more than 1 outputs (zerocopy.serving.max-tensors, ServingOptions.MaxTensors)");
    }

    [Fact]
    public async Task Infer_should_refuse_what_is_no_message()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var refusal = await Assert.ThrowsAsync<RpcException>(() => served.Rpc.CallRawAsync("ModelInfer", [0x2A, 0x05, 1]));

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.StartsWith("The message is no ModelInferRequest: ", refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inputs", "2A00")]
    [InlineData("outputs", "3200")]
    [InlineData("raw_input_contents", "3A00")]
    [InlineData("parameters", "2200")]
    [InlineData("parameters of an input", "2A022200")]
    [InlineData("parameters of an output", "32021200")]
    [InlineData("texts of an input", "2A042A024200")]
    [InlineData("dimensions of an input", "2A021800")]
    [InlineData("fields that are unknown", "78007A00")]
    [InlineData("fields that are unknown of a parameter", "22051203C80100")]
    [InlineData("inputs behind overlong tags", "AA808080800100")]
    [InlineData("inputs of overlong lengths", "2A80808080F001")]
    [InlineData("inputs of another kind", "2800")]
    public async Task Infer_should_refuse_more_parts_than_there_is_memory_for_before_they_take_any(string parts, string part)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var message = Enumerable.Repeat(Convert.FromHexString(part), 65_537).SelectMany(bytes => bytes).ToArray();

        var refusal = await Assert.ThrowsAsync<RpcException>(() => served.Rpc.CallRawAsync("ModelInfer", message));

        Assert.True(StatusCode.InvalidArgument == refusal.StatusCode, parts);
        Assert.Equal("The request has more than 65536 tensors, parameters, dimensions, texts and unknown fields.", refusal.Status.Detail);
    }

    [Fact]
    public async Task Infer_should_refuse_a_group_in_front_of_parts()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var refusal = await Assert.ThrowsAsync<RpcException>(() => served.Rpc.CallRawAsync("ModelInfer", [0x7B, 0x7C, 0x2A, 0x00]));

        Assert.Equal("The message is no ModelInferRequest: it has a group, or a field of an unknown kind.", refusal.Status.Detail);
    }

    [Theory]
    [InlineData("2A062A041A020101")]
    [InlineData("2A062A0418011801")]
    [InlineData("2A0C2A0A32080000000000000000")]
    public async Task Infer_should_refuse_more_elements_in_lists_than_its_options_allow_before_they_are_read(string message)
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxElements = 1, FakeEndpoint.Identity());

        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => served.Rpc.CallRawAsync("ModelInfer", Convert.FromHexString(message)));

        Assert.Equal(
            "The request has 2 elements in contents, more than 1 (zerocopy.serving.max-elements, ServingOptions.MaxElements).",
            refusal.Status.Detail);
    }

    [Theory]
    [InlineData("2A062A041A020101", 2, 16)]
    [InlineData("2A062A0418011801", 2, 16)]
    [InlineData("2A092A0712050101010101", 5, 20)]
    public async Task Infer_should_refuse_lists_that_take_more_memory_than_a_body_may(string message, int elements, int bytes)
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 15, FakeEndpoint.Identity());

        var refusal = await Assert.ThrowsAsync<RpcException>(
            () => served.Rpc.CallRawAsync("ModelInfer", Convert.FromHexString(message)));

        Assert.Equal(
            $"The request has {elements} elements in contents, which take {bytes} bytes, more than 15 "
            + "(zerocopy.serving.max-body, ServingOptions.MaxBodyBytes).",
            refusal.Status.Detail);
    }

    [Fact]
    public async Task Infer_should_refuse_a_list_of_more_dimensions_than_there_is_memory_for()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var shape = ModelInferRequest.Parser.ParseFrom(Raw("INT8", [.. Enumerable.Repeat(1L, 1_000_000)]).ToByteArray());

        await served.Rpc.RefusedAsync(
            shape, StatusCode.InvalidArgument, "more than 65536 tensors, parameters, dimensions, texts and unknown fields");
    }

    [Fact]
    public async Task Small_requests_should_be_small()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var request = new ModelReadyRequest { Name = new string('n', 1 << 20) };

        var refusal = await Assert.ThrowsAsync<RpcException>(
            async () => await served.Rpc.Call<ModelReadyRequest, ModelReadyResponse>("ModelReady", request));

        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
        Assert.Contains("a ModelReadyRequest has 1048576 at most", refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_should_refuse_a_message_that_is_too_large_before_it_is_read()
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 1000, FakeEndpoint.Identity());

        await served.Rpc.RefusedAsync(Raw("UINT8", [1000], new byte[1000]), StatusCode.ResourceExhausted);

        Assert.Single((await served.Rpc.Infer(Raw("UINT8", [900], new byte[900]))).Outputs);
    }

    [Fact]
    public async Task Infer_should_refuse_a_message_that_is_too_large_when_it_is_decompressed()
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 100_000, FakeEndpoint.Identity());

        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await served.Rpc.Infer(
            Raw("UINT8", [10_000_000], new byte[10_000_000]),
            new Grpc.Core.CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } })));

        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
    }
}
