using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

/// <summary>Requests that are wrong: each is refused with one sentence that says what is wrong, and reaches no model.</summary>
public sealed class HostileRequestSpecs
{
    private const string Good = """{"name":"x","shape":[2],"datatype":"INT8","data":[1,2]}""";

    /// <summary>A request of one input, called x.</summary>
    private static string Input(string fields) => $$"""{"inputs":[{"name":"x",{{fields}}}]}""";

    /// <summary>Bodies of JSON alone, and words of the answer.</summary>
    public static TheoryData<string, string> Texts => new()
    {
        { "", "cannot be read as JSON" },
        { " ", "cannot be read as JSON" },
        { "{", "cannot be read as JSON" },
        { """{"inputs":[]}}""", "cannot be read as JSON" },
        { """{"inputs":[]} x""", "cannot be read as JSON" },
        { """{'inputs':[]}""", "cannot be read as JSON" },
        { """{"inputs":[NaN]}""", "cannot be read as JSON" },
        { "[]", "the request is an array but must be an object" },
        { "7", "the request is 7 but must be an object" },
        { "{}", "no inputs" },
        { """{"inputs":null}""", "inputs is null but must be an array" },
        { """{"inputs":{}}""", "inputs is an object but must be an array" },
        { """{"inputs":[],"inputs":[]}""", "inputs stands twice" },
        { """{"inputs":[7]}""", "inputs[0] is 7 but must be an object" },
        { """{"inputs":[],"id":7}""", "id is 7 but must be a string" },
        { """{"inputs":[],"id":"a","id":"b"}""", "id stands twice" },
        { """{"inputs":[],"id":"\ud800"}""", "id holds a string that is not valid Unicode" },
        { """{"inputs":[],"parameters":[]}""", "parameters is an array but must be an object" },
        { """{"inputs":[],"parameters":{"a":{}}}""", "parameters.a is an object but must be a string, a number, true or false" },
        { """{"inputs":[],"parameters":{"a":null}}""", "parameters.a is null" },
        { """{"inputs":[],"parameters":{"a":1,"a":2}}""", "parameters.a stands twice" },
        { """{"inputs":[],"parameters":{"timeout":-1}}""", "parameters.timeout is -1" },
        { """{"inputs":[],"parameters":{"timeout":1.5}}""", "parameters.timeout is 1.5" },
        { """{"inputs":[],"parameters":{"timeout":"5"}}""", "parameters.timeout is a string" },
        { """{"inputs":[],"parameters":{"binary_data_output":1}}""", "parameters.binary_data_output is 1 but must be true or false" },
        { """{"inputs":[],"parameters":{"sequence_id":-1}}""", "parameters.sequence_id is -1" },
        { """{"inputs":[],"parameters":{"priority":"high"}}""", "parameters.priority is a string but must be a whole number" },
        { """{"inputs":[],"parameters":{"priority":-1}}""", "parameters.priority is -1" },
        { """{"inputs":[],"parameters":{"priority":0.5}}""", "parameters.priority is 0.5" },
        { """{"inputs":[],"parameters":{"method":1}}""", "parameters.method is 1 but must be a string" },
        { """{"inputs":[{"shape":[2],"datatype":"INT8","data":[1,2]}]}""", "inputs[0] has no name" },
        { """{"inputs":[{"name":"","shape":[2],"datatype":"INT8","data":[1,2]}]}""", "inputs[0].name is empty" },
        { """{"inputs":[{"name":1,"shape":[2],"datatype":"INT8","data":[1,2]}]}""", "inputs[0].name is 1 but must be a string" },
        { """{"inputs":[{"name":"x","name":"x","shape":[2],"datatype":"INT8","data":[1,2]}]}""", "inputs[0].name stands twice" },
        { $$"""{"inputs":[{{Good}},{{Good}}]}""", "Two inputs have the name 'x'" },
        { Input(""" "datatype":"INT8","data":[1,2]"""), "inputs[0] has no shape" },
        { Input(""" "shape":2,"datatype":"INT8","data":[1,2]"""), "inputs[0].shape is 2 but must be an array" },
        { Input(""" "shape":["2"],"datatype":"INT8","data":[1,2]"""), "inputs[0].shape is a string but must be a whole number" },
        { Input(""" "shape":[-2],"datatype":"INT8","data":[1,2]"""), "inputs[0].shape is -2 but must be a whole number from 0" },
        { Input(""" "shape":[2.5],"datatype":"INT8","data":[1,2]"""), "inputs[0].shape is 2.5" },
        { Input(""" "shape":[9223372036854775808],"datatype":"INT8","data":[1,2]"""), "inputs[0].shape is 9223372036854775808" },
        { Input(""" "shape":[4294967296,4294967296],"datatype":"INT8","data":[1]"""), "more elements than 63 bits count" },
        { Input(""" "shape":[0,4294967296,4294967296],"datatype":"INT8","data":[]"""), "more elements than 63 bits count" },
        { Input(""" "shape":[3037000500,3037000500],"datatype":"INT8","data":[1]"""), "more elements than 63 bits count" },
        { Input(""" "shape":[268435457],"datatype":"INT8","data":[1]"""), "(zerocopy.serving.max-elements, ServingOptions.MaxElements)" },
        { Input(""" "shape":[268435456],"datatype":"FP64","data":[1]"""), "fewer elements than the 268435456" },
        { Input(""" "shape":[2],"data":[1,2]"""), "inputs[0] has no datatype" },
        { Input(""" "shape":[2],"datatype":"FP8","data":[1,2]"""), "inputs[0].datatype is 'FP8' but must be one of BOOL" },
        { Input(""" "shape":[2],"datatype":"int8","data":[1,2]"""), "inputs[0].datatype is 'int8'" },
        { Input(""" "shape":[2],"datatype":9,"data":[1,2]"""), "inputs[0].datatype is 9 but must be a string" },
        { Input(""" "shape":[2],"datatype":"FP16","data":[1,2]"""), "inputs[0].data cannot hold FP16" },
        { Input(""" "shape":[2],"datatype":"BF16","data":[1,2]"""), "inputs[0].data cannot hold BF16" },
        { Input(""" "shape":[2],"datatype":"INT8" """), "inputs[0] has no elements" },
        { Input(""" "shape":[2],"datatype":"INT8","data":"12" """), "inputs[0].data is a string but must be an array" },
        { Input(""" "shape":[2],"datatype":"INT8","data":[1,2],"data":[1,2]"""), "inputs[0].data stands twice" },
        { Input(""" "shape":[2],"datatype":"INT8","data":[1]"""), "inputs[0].data has 1 elements, but shape [2] has 2" },
        { Input(""" "shape":[2],"datatype":"INT8","data":[1,2,3]"""), "more elements than the 2 of shape [2]" },
        { Input(""" "shape":[2,2],"datatype":"INT8","data":[[1,2],[3]]"""), "not as shape [2, 2] says" },
        { Input(""" "shape":[2,2],"datatype":"INT8","data":[[1,2],3,4]"""), "not as shape [2, 2] says" },
        { Input(""" "shape":[2,2],"datatype":"INT8","data":[1,2,[3,4]]"""), "not as shape [2, 2] says" },
        { Input(""" "shape":[2,2],"datatype":"INT8","data":[[[1,2],[3,4]]]"""), "not as shape [2, 2] says" },
        { Input(""" "shape":[4],"datatype":"INT8","data":[[1,2],[3,4]]"""), "not as shape [4] says" },
        { Input(""" "shape":[2,0],"datatype":"INT8","data":[[]]"""), "not as shape [2, 0] says" },
        { Input(""" "shape":[2],"datatype":"INT8","data":[1,null]"""), "has null as element 1, which INT8 does not hold" },
        { Input(""" "shape":[1],"datatype":"INT8","data":[{}]"""), "has an object as element 0" },
        { Input(""" "shape":[1],"datatype":"INT8","data":[128]"""), "has 128 as element 0, which INT8 does not hold" },
        { Input(""" "shape":[1],"datatype":"FP32","data":["\ud800"]"""), "has a string as element 0, which FP32 does not hold" },
        { Input(""" "shape":[1],"datatype":"INT8","data":[1.5]"""), "has 1.5 as element 0" },
        { Input(""" "shape":[1],"datatype":"INT8","data":["1"]"""), "has a string as element 0" },
        { Input(""" "shape":[1],"datatype":"UINT8","data":[-1]"""), "has -1 as element 0, which UINT8 does not hold" },
        { Input(""" "shape":[1],"datatype":"UINT64","data":[18446744073709551616]"""), "has 18446744073709551616 as element 0" },
        { Input(""" "shape":[1],"datatype":"FP32","data":[1e39]"""), "has 1e39 as element 0, which FP32 does not hold" },
        { Input(""" "shape":[1],"datatype":"FP64","data":[1e309]"""), "has 1e309 as element 0, which FP64 does not hold" },
        { Input(""" "shape":[1],"datatype":"FP64","data":[true]"""), "has true as element 0" },
        { Input(""" "shape":[1],"datatype":"BOOL","data":[1]"""), "has 1 as element 0, which BOOL does not hold" },
        { Input(""" "shape":[1],"datatype":"BYTES","data":[7]"""), "inputs[0].data is 7 but must be a string" },
        { Input(""" "shape":[1],"datatype":"BYTES","data":["\udc00"]"""), "not valid Unicode" },
        { Input(""" "shape":[2],"datatype":"BYTES","data":["a","b"]"""), "inputs[0] has 2 texts, but an input has one text" },
        { Input(""" "shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}"""), "no header Inference-Header-Content-Length" },
        { Input(""" "shape":[2],"datatype":"INT8","parameters":7"""), "inputs[0].parameters is 7 but must be an object" },
        {
            Input(""" "shape":[2],"datatype":"INT8","parameters":{"binary_data_size":"2"}"""),
            "inputs[0].parameters.binary_data_size is a string"
        },
        { Input(""" "shape":[2],"datatype":"INT8","parameters":{"binary_data_size":-2}"""), "inputs[0].parameters.binary_data_size is -2" },
        { Input(""" "shape":[2],"datatype":"INT8","parameters":{"shared_memory_region":"r"}"""), "needs both shared_memory_region and" },
        {
            Input(""" "shape":[2],"datatype":"INT8","parameters":{"shared_memory_region":"r","shared_memory_byte_size":2}"""),
            "Shared memory is off here (zerocopy.serving.shared-memory, ServingOptions.SharedMemory)"
        },
        { """{"inputs":[],"outputs":{}}""", "outputs is an object but must be an array" },
        { """{"inputs":[],"outputs":[],"outputs":[]}""", "outputs stands twice" },
        { """{"inputs":[],"outputs":[{}]}""", "outputs[0] has no name" },
        { """{"inputs":[],"outputs":["y"]}""", "outputs[0] is a string but must be an object" },
        { """{"inputs":[],"outputs":[{"name":7}]}""", "outputs[0].name is 7 but must be a string" },
        { """{"inputs":[],"outputs":[{"name":"y","name":"y"}]}""", "outputs[0].name stands twice" },
        { """{"inputs":[],"outputs":[{"name":"y"},{"name":"y"}]}""", "'y' is asked for twice" },
        {
            """{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":"yes"}}]}""",
            "outputs[0].parameters.binary_data is a string"
        },
        {
            """{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":3}}]}""",
            "outputs[0].parameters.classification is not supported"
        },
        {
            """{"inputs":[],"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]}""",
            "outputs[0].parameters needs both shared_memory_region and shared_memory_byte_size."
        },
    };

    /// <summary>JSON with bytes behind it, and words of the answer.</summary>
    public static TheoryData<string, byte[], string> Binaries => new()
    {
        { Input(""" "shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}"""), [1], "The body has 1 bytes for input 'x'" },
        {
            Input(""" "shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}"""),
            [1, 2, 3], "goes on behind the last binary tensor"
        },
        { Input(""" "shape":[2],"datatype":"INT16","parameters":{"binary_data_size":2}"""), [1, 2], "INT16 of shape [2] takes 4 bytes" },
        {
            Input(""" "shape":[2],"datatype":"INT8","parameters":{"binary_data_size":9223372036854775807}"""),
            [1, 2], "INT8 of shape [2] takes 2 bytes"
        },
        {
            Input(""" "shape":[200000000],"datatype":"INT8","parameters":{"binary_data_size":200000000}"""),
            [1], "The body has 1 bytes for input 'x'"
        },
        {
            Input(""" "shape":[2],"datatype":"INT8","data":[1,2],"parameters":{"binary_data_size":2}"""),
            [1, 2], "two of data, binary_data_size and shared_memory_region"
        },
        {
            Input(""" "shape":[2],"datatype":"BOOL","parameters":{"binary_data_size":2}"""),
            [1, 2], "has 2 as element 1, but a BOOL is 0 or 1"
        },
        { Input(""" "shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":3}"""), [0, 0, 0], "length of 4 bytes" },
        {
            Input(""" "shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}"""),
            [2, 0, 0, 0, 65], "a text of 2 bytes, but 1 follow"
        },
        {
            Input(""" "shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}"""),
            [255, 255, 255, 255, 65], "a text of 4294967295 bytes"
        },
        { Input(""" "shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}"""), [1, 0, 0, 0, 255], "not valid UTF-8" },
        {
            Input(""" "shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":10}"""),
            [1, 0, 0, 0, 65, 1, 0, 0, 0, 66], "has 2 texts"
        },
        { """{"inputs":[]}""", [1], "goes on behind" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Infer_should_refuse_json_that_is_wrong(string json, string words)
    {
        var model = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(model);

        (await served.InferAsync("identity", json)).Failed(400, words);

        Assert.Equal(0, model.Calls);
    }

    [Fact]
    public async Task Infer_should_blame_the_caller_for_half_a_character_wherever_a_string_may_stand()
    {
        const string Whole = """
            {"id":"i","parameters":{"sequence_id":"s","method":"m"},"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":["NaN"]},
             {"name":"t","shape":[1],"datatype":"BYTES","data":["text"]}],"outputs":[{"name":"output","parameters":{"p":"v"}}],"more":"m"}
            """;
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        foreach (Match text in Regex.Matches(Whole, "\"[^\"]*\""))
        {
            var json = $"{Whole[..text.Index]}\"\\ud800\"{Whole[(text.Index + text.Length)..]}";

            var answer = await served.InferAsync("identity", json);

            Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{answer.Status}: {json}");
        }
    }

    [Theory]
    [MemberData(nameof(Binaries))]
    public async Task Infer_should_refuse_binary_tensors_that_are_wrong(string json, byte[] binary, string words)
    {
        var model = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(model);

        (await served.InferAsync("identity", json, binary)).Failed(400, words);

        Assert.Equal(0, model.Calls);
    }

    [Theory]
    [InlineData("-1", "'-1' but must be the number of bytes")]
    [InlineData("1.5", "'1.5' but must be")]
    [InlineData("12,12", "'12,12' but must be")]
    [InlineData("99999999999999999999", "'99999999999999999999' but must be")]
    [InlineData("5", "cannot be read as JSON")]
    [InlineData("14", "is 14, but the body has 13 bytes")]
    public async Task Infer_should_refuse_a_length_of_the_json_that_lies(string length, string words)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var request = ServedModels.Request("identity", """{"inputs":[]}"""u8.ToArray(), null);
        request.Headers.TryAddWithoutValidation("Inference-Header-Content-Length", length);

        (await served.SendAsync(request)).Failed(400, words);
    }

    [Fact]
    public async Task Infer_should_refuse_a_body_of_chunks_that_ends_in_a_tensor()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var json = """{"inputs":[{"name":"x","shape":[3],"datatype":"INT8","parameters":{"binary_data_size":3}}]}""";
        var request = ServedModels.Request("identity", [.. Encoding.UTF8.GetBytes(json), 1], json.Length);
        request.Headers.TransferEncodingChunked = true;

        (await served.SendAsync(request)).Failed(400, "The body has 1 bytes for input 'x'");
    }

    [Fact]
    public async Task Infer_should_refuse_json_that_nests_too_deep()
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxJsonDepth = 8, FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", $"{{\"inputs\":[],\"more\":{new string('[', 9)}{new string(']', 9)}}}");

        answer.Failed(400, "cannot be read as JSON", "depth");
    }

    [Fact]
    public async Task Infer_should_say_in_one_sentence_where_the_json_ends_to_be_some()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", "{\"inputs\":\n [}");

        Assert.Equal(
            "The request cannot be read as JSON at line 2, byte 3: '}' is an invalid start of a value.", answer.Failed(400).Error);
    }

    [Fact]
    public async Task Infer_should_not_send_back_all_of_what_it_refuses()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var text = new string('d', 1 << 20);

        var answer = await served.InferAsync("identity", $$"""{"inputs":[{"name":"x","shape":[1],"datatype":"{{text}}","data":[1]}]}""");

        Assert.InRange(answer.Failed(400, "ddd").Error.Length, 1000, 4001);
    }

    [Fact]
    public async Task Infer_should_refuse_more_fields_than_it_remembers()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var fields = string.Join(',', Enumerable.Range(0, 70_000).Select(field => $"\"{field}\":1"));

        (await served.InferAsync("identity", $"{{{fields}}}")).Failed(400, "the request has more than 65536 fields");
    }

    [Fact]
    public async Task Infer_should_refuse_a_shape_of_too_many_dimensions()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var shape = string.Join(",", Enumerable.Repeat(1, 65));

        var answer = await served.InferAsync(
            "identity", $$"""{"inputs":[{"name":"x","shape":[{{shape}}],"datatype":"INT8","data":[1]}]}""");

        answer.Failed(400, "inputs[0].shape has more than 64 dimensions");
    }

    [Theory]
    [InlineData("inputs")]
    [InlineData("outputs")]
    public async Task Infer_should_refuse_more_tensors_than_the_options_allow(string list)
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxTensors = 2, FakeEndpoint.Identity());
        var tensors = string.Join(",", Enumerable.Range(0, 3).Select(
            i => $$"""{"name":"x{{i}}","shape":[1],"datatype":"INT8","data":[1]}"""));

        var answer = await served.InferAsync("identity", $$"""{"{{list}}":[{{tensors}}]}""");

        answer.Failed(400, $"more than 2 {list}", "(zerocopy.serving.max-tensors, ServingOptions.MaxTensors)");
    }

    [Fact]
    public async Task Infer_should_count_the_elements_of_all_inputs()
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxElements = 3, FakeEndpoint.Identity());

        var other = Good.Replace("\"x\"", "\"y\"", StringComparison.Ordinal);

        var answer = await served.InferAsync("identity", $$"""{"inputs":[{{Good}},{{other}}]}""");

        answer.Failed(400, "inputs[1].shape is [2]", "3 (zerocopy.serving.max-elements, ServingOptions.MaxElements)");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Infer_should_refuse_a_body_that_is_larger_than_the_options_allow(bool isChunked)
    {
        await using var served = await ServedModels.StartAsync(options => options.MaxBodyBytes = 1000, FakeEndpoint.Identity());
        var request = ServedModels.Request("identity", new byte[1001], null);
        request.Headers.TransferEncodingChunked = isChunked;

        (await served.SendAsync(request)).Failed(413, "more than 1000 bytes", "(zerocopy.serving.max-body, ServingOptions.MaxBodyBytes)");
    }
}
