using System.Text;
using System.Text.Json;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Errors;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

/// <summary>Loading and unloading of models, by both protocols.</summary>
public sealed class LoadSpecs
{
    [Fact]
    public async Task Load_and_unload_should_reach_the_model()
    {
        var endpoint = new LoadableEndpoint("bert/large");
        await using var served = await ServedModels.StartAsync(endpoint);

        (await PostAsync(served, "bert%2Flarge/load", "")).Succeeded();
        (await PostAsync(served, "bert%2Flarge/unload", """{"parameters":{"unload_dependents":false}}""")).Succeeded();
        (await PostAsync(served, "bert%2Flarge/load", """{"parameters":{"config":"{\"max_batch_size\": 8}"}}""")).Succeeded();
        await LoadAsync(served, "bert/large");
        await UnloadAsync(served, "bert/large");

        Assert.Equal(["load", "unload", "load", "load", "unload"], endpoint.Asked);
    }

    [Fact]
    public async Task Unload_should_make_the_model_unavailable_until_it_is_loaded()
    {
        var older = new LoadableEndpoint("bert", version: 1);
        var newer = new LoadableEndpoint("bert", version: 2);
        await using var served = await ServedModels.StartAsync(newer, older, FakeEndpoint.Identity());

        (await PostAsync(served, "bert/unload", "")).Succeeded();

        Assert.Equal(["unload"], older.Asked);
        Assert.Equal(["unload"], newer.Asked);
        Assert.Equal(
            """[{"name":"bert","version":"2","state":"UNAVAILABLE","reason":"unloaded"},"""
            + """{"name":"bert","version":"1","state":"UNAVAILABLE","reason":"unloaded"},"""
            + """{"name":"identity","version":"1","state":"READY","reason":""}]""",
            await IndexAsync(served));
        (await served.GetAsync("/v2/models/bert/ready")).Failed(503, "Model 'bert' was unloaded; a call or a request loads it.");
        (await served.GetAsync("/v2/models/bert/versions/1/ready")).Failed(503, "Model 'bert' was unloaded");
        Assert.False(await ReadyAsync(served, "bert"));

        await LoadAsync(served, "bert");

        Assert.True(await ReadyAsync(served, "bert"));
    }

    [Fact]
    public async Task Unload_should_let_the_next_call_load_the_model()
    {
        await using var served = await ServedModels.StartAsync(new LoadableEndpoint("bert"));
        await UnloadAsync(served, "bert");

        (await served.InferAsync("bert", """{"inputs":[]}""")).Succeeded();

        Assert.True(await ReadyAsync(served, "bert"));
    }

    [Fact]
    public async Task Unload_should_make_way_for_a_call_that_was_on_its_way_to_the_model()
    {
        await using var served = await ServedModels.StartAsync(new LoadableEndpoint("bert"));

        await served.Application.Services.GetRequiredService<ModelCalls>().RunAsync(
            "bert",
            version: null,
            new RequestTime(TimeProvider.System),
            timeout: null,
            async _ =>
            {
                await UnloadAsync(served, "bert");
                return (new InferRequest(null, [], default, new InferParameters()), []);
            },
            (_, _, _) => ValueTask.CompletedTask,
            CancellationToken.None);

        Assert.True(await ReadyAsync(served, "bert"));
    }

    [Fact]
    public async Task Unload_should_leave_a_model_available_that_stays_loaded()
    {
        await using var served = await ServedModels.StartAsync(
            new LoadableEndpoint(
                "bert", new InferenceException(InferenceFailure.InvalidInput, "bert stays loaded.") { CausedByInput = true }));

        (await PostAsync(served, "bert/unload", "")).Failed(400, "bert stays loaded.");

        Assert.True(await ReadyAsync(served, "bert"));
    }

    [Fact]
    public async Task Load_should_say_why_the_model_cannot_be_loaded()
    {
        await using var served = await ServedModels.StartAsync(
            new LoadableEndpoint("bert", new InferenceException(InferenceFailure.LoadFailed, "No weights.")));

        (await PostAsync(served, "bert/load", "")).Failed(503, "No weights.");
        Assert.Equal(StatusCode.Unavailable, await StatusAsync(() => LoadAsync(served, "bert")));
    }

    [Fact]
    public async Task Load_should_refuse_what_is_no_model_of_its_own()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        (await PostAsync(served, "nobody/load", "")).Failed(404, "There is no model 'nobody' here.");
        (await PostAsync(served, "identity/unload", "")).Failed(501, "Model 'identity' is not loaded and unloaded by request");
        Assert.Equal(StatusCode.NotFound, await StatusAsync(() => LoadAsync(served, "nobody")));
        Assert.Equal(StatusCode.Unimplemented, await StatusAsync(() => UnloadAsync(served, "identity")));
    }

    [Theory]
    [InlineData("{", "cannot be read as JSON")]
    [InlineData("""{"parameters":1}""", "parameters is 1 but must be an object")]
    [InlineData("""{"parameters":{"config":[]}}""", "parameters.config is an array but must be a string")]
    [InlineData("""{"parameters":{"file:1/model.pt":"AAAA"}}""", "'file:1/model.pt' is not supported: models are loaded from the store")]
    public async Task Load_should_refuse_a_body_that_is_wrong(string body, string words)
    {
        var endpoint = new LoadableEndpoint("bert");
        await using var served = await ServedModels.StartAsync(endpoint);

        (await PostAsync(served, "bert/load", body)).Failed(400, words);

        Assert.Empty(endpoint.Asked);
    }

    private static Task<Answer> PostAsync(ServedModels served, string path, string body) =>
        served.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/v2/repository/models/{path}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        });

    private static async Task<string> IndexAsync(ServedModels served) => JsonSerializer.Serialize(
        (await served.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v2/repository/index"))).Succeeded().Json);

    private static async Task<bool> ReadyAsync(ServedModels served, string model) =>
        (await served.Rpc.Call<ModelReadyRequest, ModelReadyResponse>("ModelReady", new() { Name = model })).Ready;

    private static async Task LoadAsync(ServedModels served, string model) =>
        await served.Rpc.Call<RepositoryModelLoadRequest, RepositoryModelLoadResponse>(
            "RepositoryModelLoad", new() { ModelName = model });

    private static async Task UnloadAsync(ServedModels served, string model) =>
        await served.Rpc.Call<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>(
            "RepositoryModelUnload",
            new() { ModelName = model, Parameters = { ["unload_dependents"] = new ModelRepositoryParameter { BoolParam = true } } });

    private static async Task<StatusCode> StatusAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}
