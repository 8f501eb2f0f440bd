using ZeroCopy.Client.Endpoints;
using ZeroCopy.Client.Tests.Fakes;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Client.Tests.Endpoints;

public sealed class InferenceEndpointSpecs
{
    public static TheoryData<InferenceFailure> Failures => [.. Enum.GetValues<InferenceFailure>()];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Endpoint_should_fail_as_the_model_behind_the_server_did(InferenceFailure failure)
    {
        await using var server = await EchoServer.StartAsync();
        server.Work = _ => throw new InferenceException(failure, "It is so.");

        var http = await FailureAsync(new InferenceEndpoint(server.Client, server.Name));
        var grpc = await FailureAsync(new InferenceEndpoint(server.Rpc, server.Name));

        Assert.Equal((failure, "It is so."), (http.Failure, http.Message));
        Assert.Equal((failure, "It is so."), (grpc.Failure, grpc.Message));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Endpoint_should_tell_whether_the_input_was_at_fault(bool isInput)
    {
        await using var server = await EchoServer.StartAsync();
        server.Work = _ => throw new InferenceException(InferenceFailure.ModelError, "It is so.") { CausedByInput = isInput };

        var http = await FailureAsync(new InferenceEndpoint(server.Client, server.Name));
        var grpc = await FailureAsync(new InferenceEndpoint(server.Rpc, server.Name));

        Assert.Equal((InferenceFailure.ModelError, isInput), (http.Failure, http.CausedByInput));
        Assert.Equal((InferenceFailure.ModelError, isInput), (grpc.Failure, grpc.CausedByInput));
    }

    [Theory]
    [InlineData(400, InferenceFailure.InvalidInput)]
    [InlineData(401, InferenceFailure.InvalidInput)]
    [InlineData(404, InferenceFailure.ModelNotFound)]
    [InlineData(413, InferenceFailure.MessageTooLarge)]
    [InlineData(429, InferenceFailure.Overloaded)]
    [InlineData(500, InferenceFailure.ModelError)]
    [InlineData(502, InferenceFailure.Unreachable)]
    [InlineData(503, InferenceFailure.Unreachable)]
    [InlineData(504, InferenceFailure.DeadlineExceeded)]
    public async Task Endpoint_should_go_by_the_status_of_servers_that_say_no_more(int status, InferenceFailure failure)
    {
        await using var server = await ScriptedServer.StartAsync(status, "application/json", """{"error":"It is so."}""");

        Assert.Equal(failure, (await FailureAsync(new InferenceEndpoint(server.Client, "m"))).Failure);
    }

    [Fact]
    public async Task Endpoint_should_know_its_state_from_the_last_call()
    {
        await using var server = await EchoServer.StartAsync();
        var endpoint = new InferenceEndpoint(server.Client, server.Name, 3);
        Assert.Equal((EndpointState.Ready, null), (endpoint.State, endpoint.LastError));
        server.Work = _ => throw new InferenceException(InferenceFailure.LoadFailed, "no such operator");

        await FailureAsync(endpoint);

        Assert.Equal((EndpointState.Failed, "no such operator"), (endpoint.State, endpoint.LastError));
        server.Work = _ => Task.CompletedTask;
        (await endpoint.CallAsync("", [])).Dispose();
        Assert.Equal((EndpointState.Ready, null), (endpoint.State, endpoint.LastError));
    }

    [Fact]
    public async Task Endpoint_should_refuse_what_the_protocol_cannot_carry()
    {
        await using var server = await EchoServer.StartAsync();
        var endpoint = new InferenceEndpoint(server.Client, server.Name);
        var complex = new NamedTensor("z", HostTensor.From<float>(DType.Complex64, [1, 2], 1));

        var (first, second) = (await FailureAsync(endpoint, complex), await FailureAsync(endpoint, NamedTensor.OfNone("n")));

        Assert.Equal((InferenceFailure.InvalidInput, InferenceFailure.InvalidInput), (first.Failure, second.Failure));
        Assert.Contains("'z' has elements of C64", first.Message, StringComparison.Ordinal);
        Assert.Contains("'n' stands for nothing", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_should_pass_options_on()
    {
        await using var server = await EchoServer.StartAsync();
        var endpoint = new InferenceEndpoint(server.Client, server.Name);

        (await endpoint.CallAsync("other", [], new CallOptions { HashKey = "k", Deadline = TimeSpan.FromMinutes(1) })).Dispose();

        Assert.Equal(("other", "k"), (server.Method, server.Options?.HashKey));
        Assert.InRange(server.Options!.Deadline!.Value, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(1));
        (await endpoint.CallAsync("", [], new CallOptions { Deadline = Timeout.InfiniteTimeSpan })).Dispose();
        Assert.Null(server.Options.Deadline);
    }

    [Fact]
    public async Task Endpoint_should_take_the_one_method_of_a_server_that_has_no_more()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Request.Path.Value!.EndsWith("/config")
            ? ScriptedServer.SendAsync(context.Response, 404, "application/json", "{}"u8.ToArray())
            : ScriptedServer.SendAsync(context.Response, 200, "application/json", """
                {"name":"m","versions":["1"],"platform":"onnx","inputs":[{"name":"x","datatype":"FP16","shape":[-1,3]}],
                 "outputs":[{"name":"y","datatype":"BYTES","shape":[-1]}]}
                """u8.ToArray()));

        var signature = await new InferenceEndpoint(server.Client, "m").GetSignatureAsync();

        Assert.Equal("forward(x: Tensor F16[-1, 3]) -> (y: str)", Assert.Single(signature.Methods).ToString());
    }

    [Fact]
    public async Task Endpoint_should_return_a_text_for_each_of_an_output_of_several()
    {
        await using var server = await ScriptedServer.StartAsync(
            200, "application/json", """{"outputs":[{"name":"t","datatype":"BYTES","shape":[2],"data":["a","b"]}]}""");

        using var answer = await new InferenceEndpoint(server.Client, "m").CallAsync("", []);

        Assert.Equal(["t.0 a", "t.1 b"], answer.Outputs.Select(output => $"{output.Name} {output.ToText()}"));
    }

    [Fact]
    public async Task Directory_should_list_and_find_the_servers_models_and_notice_changes()
    {
        await using var server = await EchoServer.StartAsync();
        var (directory, changes) = (new InferenceEndpointDirectory(server.Client), 0);
        directory.Changed += () => changes++;

        var listed = Assert.Single(await directory.ListAsync());

        Assert.Equal((server.Name, 3, EndpointState.Ready), (listed.Name, listed.Version, listed.State));
        Assert.Same(listed, Assert.Single(await directory.ListAsync()));
        Assert.Same(listed, await directory.FindAsync(server.Name, 3));
        Assert.Equal(3, (await directory.FindAsync(server.Name))?.Version);
        Assert.Null(await directory.FindAsync(server.Name, 4));
        Assert.Null(await directory.FindAsync("other"));
        Assert.Equal(1, changes);
        server.State = EndpointState.Loading;
        await directory.ListAsync();
        Assert.Equal((2, EndpointState.Loading), (changes, listed.State));
    }

    [Fact]
    public async Task Directory_should_fail_typed_when_nobody_listens()
    {
        var server = await EchoServer.StartAsync();
        var directory = new InferenceEndpointDirectory(server.Client);
        await server.StopAsync();

        var find = await Assert.ThrowsAsync<InferenceException>(() => directory.FindAsync("m").AsTask());
        var list = await Assert.ThrowsAsync<InferenceException>(() => directory.ListAsync().AsTask());

        Assert.Equal((InferenceFailure.Unreachable, InferenceFailure.Unreachable), (find.Failure, list.Failure));
    }

    private static Task<InferenceException> FailureAsync(InferenceEndpoint endpoint, params NamedTensor[] inputs) =>
        Assert.ThrowsAsync<InferenceException>(() => endpoint.CallAsync("", inputs));
}
