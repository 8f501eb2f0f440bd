using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Tests.Fakes;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class InferSpecs
{
    public static TheoryData<string, string, string> JsonTensors => new()
    {
        { "BOOL", "[2,3]", "[true,false,false,true,true,false]" },
        { "UINT8", "[2]", "[0,255]" },
        { "UINT16", "[2]", "[0,65535]" },
        { "UINT32", "[2]", "[0,4294967295]" },
        { "UINT64", "[2]", "[0,18446744073709551615]" },
        { "INT8", "[2]", "[-128,127]" },
        { "INT16", "[2]", "[-32768,32767]" },
        { "INT32", "[2]", "[-2147483648,2147483647]" },
        { "INT64", "[2]", "[-9223372036854775808,9223372036854775807]" },
        { "FP32", "[3]", "[0.1,-3.4028235E+38,1E-45]" },
        { "FP64", "[3]", "[0.1,-1.7976931348623157E+308,5E-324]" },
        { "FP32", "[5]", "[\"NaN\",\"Infinity\",\"-Infinity\",0,-0.0]" },
        { "FP64", "[4]", "[\"NaN\",\"Infinity\",\"-Infinity\",-0.0]" },
        { "FP32", "[]", "[2.5]" },
        { "FP32", "[0,3]", "[]" },
        { "BYTES", "[1]", "[\"h\u00e9llo\"]" },
    };

    public static TheoryData<string, string, byte[]> BinaryTensors => new()
    {
        { "BOOL", "[3]", [1, 0, 1] },
        { "UINT8", "[3]", [1, 2, 255] },
        { "INT8", "[3]", [1, 2, 255] },
        { "UINT16", "[1]", [1, 2] },
        { "INT16", "[1]", [1, 2] },
        { "FP16", "[1,1]", [0, 60] },
        { "BF16", "[1]", [128, 63] },
        { "UINT32", "[1]", [1, 2, 3, 4] },
        { "INT32", "[1]", [1, 2, 3, 4] },
        { "FP32", "[1]", [0, 0, 128, 63] },
        { "UINT64", "[1]", [1, 2, 3, 4, 5, 6, 7, 8] },
        { "INT64", "[]", [1, 2, 3, 4, 5, 6, 7, 8] },
        { "FP64", "[1]", [1, 2, 3, 4, 5, 6, 7, 63] },
        { "BYTES", "[1]", [3, 0, 0, 0, 97, 98, 99] },
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Infer_should_send_a_small_answer_at_once(bool isBinary)
    {
        CountedWriter? body = null;
        await using var served = await ServedModels.StartWithAsync(
            _ => { },
            application => application.Use(next => context =>
            {
                body = CountedWriter.Watch(context);
                return next(context);
            }),
            FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", $$"""
            {"inputs":[{"name":"x","datatype":"INT32","shape":[2],"data":[1,2]}],
             "parameters":{"binary_data_output":{{(isBinary ? "true" : "false")}} } }
            """);

        Assert.Equal(isBinary ? 8 : 0, answer.Succeeded().Binary.Length);
        Assert.Equal(1, body!.Flushes);
    }

    /// <summary>It stands in for the body, and sends on what is flushed alone.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Infer_should_be_answered_behind_a_middleware_that_logs(bool isBinary)
    {
        await using var served = await ServedModels.StartWithAsync(
            services => services.AddHttpLogging(logging => logging.LoggingFields = HttpLoggingFields.All)
                .AddSingleton<ILoggerProvider>(new LogLines()),
            application => application.UseHttpLogging(),
            FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", $$"""
            {"inputs":[{"name":"x","datatype":"INT32","shape":[2],"data":[1,2]}],
             "parameters":{"binary_data_output":{{(isBinary ? "true" : "false")}} } }
            """);

        Assert.Equal("output", answer.Succeeded().Output().GetProperty("name").GetString());
    }

    [Theory]
    [MemberData(nameof(JsonTensors))]
    public async Task Infer_should_take_and_return_tensors_as_json(string datatype, string shape, string data)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", Request(datatype, shape, $"\"data\":{data}"));

        var output = answer.Succeeded().Output();
        Assert.Equal(datatype, output.GetProperty("datatype").GetString());
        Assert.Equal(shape, output.GetProperty("shape").GetRawText());
        Assert.Equal(data, output.GetProperty("data").GetRawText());
        Assert.Empty(answer.Binary);
    }

    [Fact]
    public async Task Infer_should_take_a_request_without_inputs_whose_json_has_a_length()
    {
        var endpoint = new FakeEndpoint("model", _ => new ModelAnswer([]));
        await using var served = await ServedModels.StartAsync(endpoint);
        var json = """{"inputs":[]}"""u8.ToArray();

        (await served.SendAsync(ServedModels.Request("model", json, json.Length))).Succeeded();

        Assert.Empty(endpoint.Last!.Inputs);
    }

    [Theory]
    [MemberData(nameof(BinaryTensors))]
    public async Task Infer_should_take_and_return_tensors_as_binary(string datatype, string shape, byte[] data)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync(
            "identity",
            Request(datatype, shape, $$"""
                "parameters":{"binary_data_size":{{data.Length}}}
                """, "\"parameters\":{\"binary_data_output\":true}"),
            data);

        var output = answer.Succeeded().Output();
        Assert.Equal(datatype, output.GetProperty("datatype").GetString());
        Assert.Equal(shape, output.GetProperty("shape").GetRawText());
        Assert.Equal(data.Length, output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.False(output.TryGetProperty("data", out _));
        Assert.Equal(data, answer.Binary);
    }

    [Fact]
    public async Task Infer_should_take_nested_arrays_that_are_as_the_shape_says()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", Request("INT32", "[2,1,3]", "\"data\":[[[1,2,3]],[[4,5,6]]]"));

        Assert.Equal("[1,2,3,4,5,6]", answer.Succeeded().Output().GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task Infer_should_take_data_that_stands_before_its_type_and_shape()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync(
            "identity", """{"inputs":[{"data":[1,2],"shape":[2],"datatype":"UINT8","name":"x"}]}""");

        Assert.Equal("[1,2]", answer.Succeeded().Output().GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task Infer_should_take_a_binary_tensor_of_many_buffers()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var data = new byte[5_000_000];
        new Random(7).NextBytes(data);

        var answer = await served.InferAsync(
            "identity",
            Request("UINT8", "[5000000]", "\"parameters\":{\"binary_data_size\":5000000}", "\"parameters\":{\"binary_data_output\":true}"),
            data);

        Assert.Equal(data, answer.Succeeded().Binary);
    }

    [Fact]
    public async Task Infer_should_send_a_text_as_one_that_is_a_text_to_the_model()
    {
        var text = "";
        var model = new FakeEndpoint("reader", call =>
        {
            text = call.Inputs[0].ToText();
            return new ModelAnswer([]);
        });
        await using var served = await ServedModels.StartAsync(model);

        (await served.InferAsync("reader", Request("BYTES", "[1]", "\"data\":[\"caf\u00e9\"]"))).Succeeded();

        Assert.Equal("café", text);
    }

    [Fact]
    public async Task Infer_should_mix_json_and_binary_as_each_tensor_says()
    {
        await using var served = await ServedModels.StartAsync(Pair());

        var answer = await served.InferAsync(
            "pair",
            """
            {"inputs":[{"name":"a","shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}},
                       {"name":"b","shape":[2],"datatype":"INT8","data":[3,4]}],
             "outputs":[{"name":"b","parameters":{"binary_data":true}},{"name":"a","parameters":{"binary_data":false}}]}
            """,
            [1, 2]);

        Assert.Equal("[1,2]", answer.Succeeded().Output("a").GetProperty("data").GetRawText());
        Assert.Equal([3, 4], answer.Binary);
    }

    [Fact]
    public async Task Infer_should_send_only_the_outputs_that_are_asked_for()
    {
        await using var served = await ServedModels.StartAsync(Pair());

        var answer = await served.InferAsync(
            "pair",
            """
            {"inputs":[{"name":"a","shape":[1],"datatype":"INT8","data":[1]},{"name":"b","shape":[1],"datatype":"INT8","data":[3]}],
             "outputs":[{"name":"b"}]}
            """);

        Assert.Equal("b", Assert.Single(answer.Succeeded().Json.GetProperty("outputs").EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Infer_should_say_which_outputs_there_are_when_one_is_asked_for_that_is_not()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", Request("INT8", "[1]", "\"data\":[1]", "\"outputs\":[{\"name\":\"logits\"}]"));

        answer.Failed(400, "'logits'", "output");
    }

    [Fact]
    public async Task Infer_should_echo_the_id_and_name_the_model_and_its_version()
    {
        await using var served = await ServedModels.StartAsync(
            FakeEndpoint.Identity(), new FakeEndpoint("identity", _ => new ModelAnswer([])) { Version = 7 });

        var answer = await served.InferAsync("identity/versions/7", Request("INT8", "[1]", "\"data\":[1]", "\"id\":\"r-17\""));

        Assert.Equal(
            """{"id":"r-17","model_name":"identity","model_version":"7","outputs":[]}""",
            JsonSerializer.Serialize(answer.Succeeded().Json));
    }

    [Fact]
    public async Task Infer_should_decode_the_names_of_a_path()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity("a b%c/d"));

        (await served.InferAsync("a%20b%25c%2Fd", Request("INT8", "[1]", "\"data\":[1]"))).Succeeded();
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("a%252fb%2fc", "a%2fb/c")]
    [InlineData("%25252F", "%252F")]
    public async Task Infer_should_decode_the_name_of_a_path_once(string path, string name)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity("a/b"), FakeEndpoint.Identity("other"));

        var answer = await served.InferAsync(path, Request("INT8", "[1]", "\"data\":[1]"));

        _ = name == "a/b" ? answer.Succeeded() : answer.Failed(404, $"'{name}'");
    }

    [Fact]
    public async Task Infer_should_send_a_half_width_float_as_binary_alone()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", Request("FP16", "[1]", "\"parameters\":{\"binary_data_size\":2}"), [0, 60]);

        answer.Failed(400, "'output'", "FP16", "binary_data");
    }

    [Fact]
    public async Task Infer_should_refuse_an_output_that_the_protocol_has_no_datatype_for()
    {
        await using var served = await ServedModels.StartAsync(new FakeEndpoint("complex", _ => new ModelAnswer(
            [new NamedTensor("z", HostTensor.From<float>(DType.Complex64, [1, 2], 1))])));

        (await served.InferAsync("complex", """{"inputs":[]}""")).Failed(501, "'z'", "Complex64");
    }

    [Fact]
    public async Task Infer_should_release_the_answer_when_it_is_sent()
    {
        var memory = new Released();
        await using var served = await ServedModels.StartAsync(new FakeEndpoint("model", _ => new ModelAnswer([], memory)));

        (await served.InferAsync("model", """{"inputs":[]}""")).Succeeded();
        await served.Application.StopAsync();

        Assert.True(memory.IsReleased);
    }

    private static string Request(string datatype, string shape, string elements, string? more = null) =>
        $$"""{"inputs":[{"name":"x","shape":{{shape}},"datatype":"{{datatype}}",{{elements}}}]{{(more is null ? "" : $",{more}")}}}""";

    private static FakeEndpoint Pair() => new("pair", call => new ModelAnswer([.. call.Inputs]));

    private sealed class Released : IDisposable
    {
        public bool IsReleased { get; private set; }

        public void Dispose() => IsReleased = true;
    }
}
