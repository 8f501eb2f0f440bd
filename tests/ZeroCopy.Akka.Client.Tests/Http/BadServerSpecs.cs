using System.Net;
using System.Text;
using ZeroCopy.Client.Endpoints;
using ZeroCopy.Client.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Client.Tests.Http;

/// <summary>Servers that fail, and servers that do not keep to the protocol.</summary>
public sealed class BadServerSpecs
{
    [Theory]
    [InlineData(400, InferenceError.InvalidRequest, false)]
    [InlineData(401, InferenceError.Unauthorized, false)]
    [InlineData(403, InferenceError.Unauthorized, false)]
    [InlineData(404, InferenceError.NotFound, false)]
    [InlineData(405, InferenceError.Unsupported, false)]
    [InlineData(408, InferenceError.DeadlineExceeded, false)]
    [InlineData(413, InferenceError.TooLarge, false)]
    [InlineData(415, InferenceError.Unsupported, false)]
    [InlineData(429, InferenceError.Overloaded, true)]
    [InlineData(500, InferenceError.ServerError, false)]
    [InlineData(501, InferenceError.Unsupported, false)]
    [InlineData(502, InferenceError.Unavailable, true)]
    [InlineData(503, InferenceError.Unavailable, true)]
    [InlineData(504, InferenceError.DeadlineExceeded, false)]
    public async Task Client_should_say_by_type_why_a_server_refused(int status, InferenceError expected, bool isTransient)
    {
        await using var server = await ScriptedServer.StartAsync(
            status, "application/json", """{"error":"It is so."}""", ("Retry-After", "3"), ("zerocopy-failure", "LoadFailed"));

        var error = await FailureAsync(server, expected, "It is so.");

        Assert.Equal((isTransient, (HttpStatusCode)status, "LoadFailed"), (error.IsTransient, error.Status, error.Failure));
        Assert.Equal(TimeSpan.FromSeconds(3), error.RetryAfter);
    }

    [Fact]
    public async Task Client_should_show_the_page_that_a_proxy_answers_with()
    {
        await using var server = await ScriptedServer.StartAsync(
            502, "text/html", $"<html>\n<head><title>502 Bad Gateway</title></head>{new string('x', 100_000)}");

        var error = await FailureAsync(server, InferenceError.Unavailable, "status 502", "text/html", "<title>502 Bad Gateway</title>");

        Assert.True(error.Message.Length < 500 && !error.Message.Contains('\n'), error.Message);
    }

    [Theory]
    [InlineData("<html>hello</html>")]
    [InlineData("")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}""")]
    public async Task Client_should_show_an_answer_that_is_no_json(string body)
    {
        await using var server = await ScriptedServer.StartAsync(200, "text/html", body);

        await FailureAsync(server, InferenceError.InvalidAnswer, "is no JSON", body);
    }

    [Fact]
    public async Task Client_should_refuse_json_that_is_ten_thousand_deep()
    {
        await using var server = await ScriptedServer.StartAsync(
            200, "application/json", $"{{\"outputs\":{new string('[', 10_000)}{new string(']', 10_000)}}}");

        await FailureAsync(server, InferenceError.InvalidAnswer, "64 levels at most");
    }

    [Theory]
    [InlineData("[]", "the answer is an array")]
    [InlineData("{}", "the answer has no outputs")]
    [InlineData("""{"outputs":{}}""", "outputs of the answer is an object")]
    [InlineData("""{"outputs":[3]}""", "outputs of the answer[0] is 3")]
    [InlineData("""{"outputs":[{"datatype":"FP32","shape":[1],"data":[1]}]}""", "has no name")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP33","shape":[1],"data":[1]}]}""", "'FP33', which is no element type")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP32","shape":[-1],"data":[1]}]}""", "'x' has shape [-1]")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP32","shape":[4294967296,4294967296],"data":[1]}]}""", "'x' has shape")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP32","shape":["1"],"data":[1]}]}""", "must be a whole number")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1]}]}""", "has 4 bytes, but FP32 of shape [2] takes 8")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP32","shape":[1]}]}""", "has no data")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[300]}]}""", "is 300, which INT8 does not hold")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"BOOL","shape":[1],"data":["a"]}]}""", "which BOOL does not hold")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":[1]}]}""", "must be a text")]
    [InlineData(
        """{"outputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}""",
        "there is no header Inference-Header-Content-Length")]
    public async Task Client_should_say_what_is_wrong_with_an_answers_json(string json, string problem)
    {
        await using var server = await ScriptedServer.StartAsync(200, "application/json", json);

        await FailureAsync(server, InferenceError.InvalidAnswer, problem);
    }

    [Theory]
    [InlineData("""{"outputs":[{"name":"\ud800","datatype":"FP32","shape":[1],"data":[1]}]}""")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"\ud800","shape":[1],"data":[1]}]}""")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"FP32","shape":[1],"data":["\ud800"]}]}""")]
    [InlineData("""{"outputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":["\ud800"]}]}""")]
    [InlineData("""{"outputs":[{"\ud800":1,"name":"x","datatype":"FP32","shape":[1]}]}""")]
    [InlineData("""{"model_name":"\ud800","outputs":[]}""")]
    public async Task Client_should_refuse_half_a_character_in_an_answer(string json)
    {
        await using var server = await ScriptedServer.StartAsync(200, "application/json", json);

        await FailureAsync(server, InferenceError.InvalidAnswer, "is not the protocol");
    }

    [Fact]
    public async Task Client_should_refuse_half_a_character_in_what_a_server_says_of_itself()
    {
        await using var server = await ScriptedServer.StartAsync(200, "application/json", """{"name":"\ud800"}""");

        var error = await Assert.ThrowsAsync<InferenceServerException>(() => server.Client.GetServerMetadataAsync());

        Assert.Equal(InferenceError.InvalidAnswer, error.Error);
    }

    [Fact]
    public async Task Client_should_refuse_half_a_character_in_a_signature()
    {
        await using var server = await ScriptedServer.StartAsync(
            200, "application/json", """{"parameters":{"signature":{"string_value":"\ud800"}}}""");

        var error = await Assert.ThrowsAsync<InferenceException>(
            () => new InferenceEndpoint(server.Client, "m").GetSignatureAsync());

        Assert.Equal(InferenceError.InvalidAnswer, Assert.IsType<InferenceServerException>(error.InnerException).Error);
    }

    [Fact]
    public async Task Client_should_say_by_type_that_a_server_refused_in_half_a_character()
    {
        await using var server = await ScriptedServer.StartAsync(400, "application/json", """{"error":"\ud800"}""");

        await FailureAsync(server, InferenceError.InvalidRequest, "status 400");
    }

    [Fact]
    public async Task Client_should_refuse_a_time_that_no_calendar_has()
    {
        await using var server = await ScriptedServer.StartAsync(
            200, "application/json",
            """{"model_stats":[{"name":"m","last_inference":9223372036854775807,"inference_stats":{}}]}""");

        var error = await Assert.ThrowsAsync<InferenceServerException>(() => server.Client.GetModelStatisticsAsync());

        Assert.Equal(InferenceError.InvalidAnswer, error.Error);
    }

    [Theory]
    [InlineData("FP32", 1, 8, 8, "has 8 bytes, but FP32 of shape [1] takes 4")]
    [InlineData("FP32", 2, 8, 4, "output 'x' takes 8 bytes, but 4 can follow")]
    [InlineData("FP32", 1, 4, 8, "goes on behind its last tensor")]
    [InlineData("FP32", 1, -4, 4, "must be a whole number from 0 on")]
    [InlineData("BYTES", 1, 8, 8, "other strings than those of shape [1]")]
    [InlineData("BYTES", 1, 2, 2, "other strings than those of shape [1]")]
    [InlineData("FP64", 1L << 40, 1L << 43, 8, "takes 8796093022208 bytes")]
    public async Task Client_should_refuse_binary_sizes_that_lie(string datatype, long size, long claimed, int sent, string problem)
    {
        var binary = Enumerable.Repeat((byte)9, sent).ToArray();
        await using var server = await ScriptedServer.StartAsync(Output(datatype, size, claimed), binary);

        await FailureAsync(server, InferenceError.InvalidAnswer, problem);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("-1")]
    [InlineData("1000000")]
    [InlineData("99999999999999999999")]
    public async Task Client_should_refuse_a_length_of_json_that_lies(string length)
    {
        await using var server = await ScriptedServer.StartAsync(Output("FP32", 1, 4), new byte[4], length);

        await FailureAsync(server, InferenceError.InvalidAnswer, $"Inference-Header-Content-Length is '{length}'");
    }

    [Fact]
    public async Task Client_should_refuse_a_size_that_lies_when_the_answer_has_no_length()
    {
        var json = Encoding.UTF8.GetBytes(Output("UINT8", 1 << 20, 1 << 20));
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            context.Response.Headers["Inference-Header-Content-Length"] = $"{json.Length}";
            await context.Response.Body.WriteAsync(json);
            await context.Response.Body.FlushAsync();
            await context.Response.Body.WriteAsync(new byte[7]);
        });

        await FailureAsync(server, InferenceError.InvalidAnswer, "takes 1048576 bytes, but it ends after 7");
    }

    [Fact]
    public async Task Client_should_say_that_an_answer_broke_off()
    {
        var json = Encoding.UTF8.GetBytes(Output("UINT8", 8, 8));
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            context.Response.Headers["Inference-Header-Content-Length"] = $"{json.Length}";
            context.Response.ContentLength = json.Length + 8;
            await context.Response.Body.WriteAsync(json);
            // The server closes the connection where less is sent than was said.
        });

        Assert.True((await FailureAsync(server, InferenceError.Unreachable, "broke off")).IsTransient);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_should_refuse_an_answer_over_its_limit(bool hasLength)
    {
        var body = Encoding.UTF8.GetBytes(new string(' ', 10_000) + "{}");
        await using var server = await ScriptedServer.StartAsync(
            async context =>
            {
                context.Response.ContentLength = hasLength ? body.Length : null;
                await context.Response.Body.WriteAsync(body);
            },
            new InferenceClientOptions { MaxAnswerBytes = 9_000 });

        await FailureAsync(server, InferenceError.TooLarge, "9000 (InferenceClientOptions.MaxAnswerBytes)");
    }

    [Fact]
    public async Task Client_should_end_at_its_timeout_while_the_answer_drips()
    {
        await using var server = await ScriptedServer.StartAsync(
            async context =>
            {
                context.Response.ContentLength = 100;
                await context.Response.Body.WriteAsync("{"u8.ToArray());
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            },
            new InferenceClientOptions { Timeout = TimeSpan.FromMilliseconds(100) });

        await FailureAsync(server, InferenceError.DeadlineExceeded, "did not answer within");
    }

    [Fact]
    public async Task Client_should_read_elements_in_nested_arrays_and_go_on_after_a_bad_answer()
    {
        var answers = new Queue<string>(
        [
            "{}",
            """{"model_name":"m","outputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[[1,2],[3,"NaN"]]}]}""",
        ]);
        await using var server = await ScriptedServer.StartAsync(
            context => ScriptedServer.SendAsync(context.Response, 200, "application/json", Encoding.UTF8.GetBytes(answers.Dequeue())));
        await FailureAsync(server, InferenceError.InvalidAnswer, "no outputs");

        using var result = await server.Client.InferAsync(new InferRequest("m"));

        Assert.Equal([1, 2, 3, float.NaN], result["x"].Values<float>().ToArray());
    }

    private static string Output(string datatype, long size, long claimed) => $$$"""
        {"outputs":[{"name":"x","datatype":"{{{datatype}}}","shape":[{{{size}}}],"parameters":{"binary_data_size":{{{claimed}}}}}]}
        """;

    private static async Task<InferenceServerException> FailureAsync(
        ScriptedServer server, InferenceError expected, params string[] words)
    {
        var error = await Assert.ThrowsAsync<InferenceServerException>(
            () => server.Client.InferAsync(new InferRequest("m", InferInput.Of("x", new float[] { 1 }, 1))));
        Assert.True(expected == error.Error, error.ToString());
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
        return error;
    }
}
