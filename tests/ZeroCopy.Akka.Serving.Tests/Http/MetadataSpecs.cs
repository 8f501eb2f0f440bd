using System.Text.Json;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Tests.Fakes;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class MetadataSpecs
{
    [Fact]
    public async Task Server_should_name_itself_and_its_extensions()
    {
        await using var served = await ServedModels.StartAsync();

        var json = (await served.GetAsync("/v2")).Succeeded().Json;

        Assert.Equal("zerocopy", json.GetProperty("name").GetString());
        Assert.NotEmpty(json.GetProperty("version").GetString()!);
        Assert.Equal(
            ["binary_tensor_data", "parameters", "statistics", "model_configuration", "model_repository"],
            json.GetProperty("extensions").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public async Task Model_should_show_its_versions_and_the_tensors_of_its_default_method()
    {
        await using var served = await ServedModels.StartAsync(Model(1), Model(3));

        var json = (await served.GetAsync("/v2/models/model")).Succeeded().Json;

        Assert.Equal(
            """
            {"name":"model","versions":["1","3"],"platform":"pytorch",
             "inputs":[{"name":"x","datatype":"INT64","shape":[-1,16]}],
             "outputs":[{"name":"output","datatype":"FP32","shape":[-1,4]}]}
            """.ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal),
            JsonSerializer.Serialize(json));
    }

    [Fact]
    public async Task Model_should_say_what_is_open_when_the_signature_does_not_know()
    {
        await using var served = await ServedModels.StartAsync(Model(1, new MethodSignature(
            "forward",
            [new ValueSignature("x", IsOptional: true), new ValueSignature("text", "str"), new ValueSignature("k", "int")],
            [])));

        var inputs = (await served.GetAsync("/v2/models/model/versions/1")).Succeeded().Json.GetProperty("inputs");

        Assert.Equal(
            """
            [{"name":"x","datatype":"FP32","shape":[-1],"parameters":{"any_datatype":true,"any_shape":true,"optional":true}},
             {"name":"text","datatype":"BYTES","shape":[1]},
             {"name":"k","datatype":"INT64","shape":[]}]
            """.ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal),
            JsonSerializer.Serialize(inputs));
    }

    [Fact]
    public async Task Configuration_should_show_the_tensors_without_a_batch_of_the_servers_own()
    {
        await using var served = await ServedModels.StartAsync(Model(1, new MethodSignature(
            "forward",
            [new ValueSignature("x", DType: DType.Int64, Shape: [-1, 16]), new ValueSignature("text", "str", IsOptional: true)],
            [new ValueSignature("output")])));

        var json = (await served.GetAsync("/v2/models/model/config")).Succeeded().Json;

        Assert.Equal(
            """
            {"name":"model","platform":"pytorch","backend":"zerocopy","max_batch_size":0,
             "input":[{"name":"x","data_type":"TYPE_INT64","dims":[-1,16]},
                      {"name":"text","data_type":"TYPE_STRING","dims":[1],"optional":true}],
             "output":[{"name":"output","data_type":"TYPE_FP32","dims":[-1]}]}
            """.ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal),
            JsonSerializer.Serialize(json.EnumerateObject().Where(field => field.Name != "parameters").ToDictionary(
                field => field.Name, field => field.Value)));
    }

    [Fact]
    public async Task Configuration_should_bring_the_whole_signature_as_a_parameter()
    {
        await using var served = await ServedModels.StartAsync(Model(1, new MethodSignature(
            "forward",
            [new ValueSignature("text", "str", IsOptional: true)],
            [new ValueSignature("output", DType: DType.Int8, Shape: [-1])])));

        var json = (await served.GetAsync("/v2/models/model/config")).Succeeded().Json;

        Assert.Equal(
            """
            {"default":"forward","methods":[{"name":"forward","inputs":[{"name":"text","type":"str","optional":true}],
            "outputs":[{"name":"output","type":"Tensor","dtype":"I8","shape":[-1]}]}]}
            """.ReplaceLineEndings(""),
            json.GetProperty("parameters").GetProperty("signature").GetProperty("string_value").GetString());
    }

    [Fact]
    public async Task Model_should_be_ready_when_it_can_be_called()
    {
        await using var served = await ServedModels.StartAsync(Model(1));

        var json = (await served.GetAsync("/v2/models/model/ready")).Succeeded().Json;

        Assert.Equal("""{"name":"model","ready":true}""", JsonSerializer.Serialize(json));
    }

    [Theory]
    [InlineData(EndpointState.Loading, null, "is being loaded")]
    [InlineData(EndpointState.Failed, "no such operator", "no such operator")]
    public async Task Model_should_not_be_ready_when_it_is_not_loaded(EndpointState state, string? error, string words)
    {
        var model = Model(1);
        (model.State, model.LastError) = (state, error);
        await using var served = await ServedModels.StartAsync(model);

        (await served.GetAsync("/v2/models/model/versions/1/ready")).Failed(503, "'model'", words);
    }

    [Theory]
    [InlineData("/v2/models/nobody")]
    [InlineData("/v2/models/nobody/ready")]
    public async Task Model_should_not_be_found_when_there_is_none(string path)
    {
        await using var served = await ServedModels.StartAsync();

        (await served.GetAsync(path)).Failed(404, "'nobody'");
    }

    [Fact]
    public async Task Model_without_versions_should_be_found_by_the_one_that_it_is_listed_with()
    {
        var model = Model(null);
        await using var served = await ServedModels.StartAsync(model);

        var index = (await served.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v2/repository/index"))).Succeeded().Json;
        var path = $"/v2/models/model/versions/{index[0].GetProperty("version").GetString()}";

        Assert.Equal("1", (await served.GetAsync(path)).Succeeded().Json.GetProperty("versions")[0].GetString());
        (await served.GetAsync($"{path}/ready")).Succeeded();
        (await served.GetAsync($"{path}/config")).Succeeded();
        (await served.GetAsync($"{path}/stats")).Succeeded();
        (await served.GetAsync("/v2/models/model/versions/2")).Failed(404, "no version 2 of a model 'model'");
    }

    [Fact]
    public async Task Model_without_versions_should_be_its_first_one_beside_others_of_its_name()
    {
        var (pool, stored) = (Model(null), Model(1));
        await using var served = await ServedModels.StartAsync(stored, pool);
        using var request = ServedModels.Request("model/versions/1", """{"inputs":[]}"""u8.ToArray(), null);

        (await served.Client.SendAsync(request)).EnsureSuccessStatusCode();

        Assert.Equal((1, 0), (pool.Calls, stored.Calls));
    }

    private static FakeEndpoint Model(int? version, MethodSignature? method = null) => new("model", _ => new ModelAnswer([]))
    {
        Version = version,
        Signature = new ModelSignature([
            method ?? new MethodSignature(
                "forward",
                [new ValueSignature("x", DType: DType.Int64, Shape: [-1, 16])],
                [new ValueSignature("output", DType: DType.Float32, Shape: [-1, 4])])]),
    };
}
