using System.Text;
using Grpc.Core;
using ZeroCopy.Errors;
using ZeroCopy.OpenInference;
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

    private static async Task LoadAsync(ServedModels served, string model) =>
        await served.Rpc.Call<RepositoryModelLoadRequest, RepositoryModelLoadResponse>(
            "RepositoryModelLoad", new() { ModelName = model });

    private static async Task UnloadAsync(ServedModels served, string model) =>
        await served.Rpc.Call<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>(
            "RepositoryModelUnload",
            new() { ModelName = model, Parameters = { ["unload_dependents"] = new ModelRepositoryParameter { BoolParam = true } } });

    private static async Task<StatusCode> StatusAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}
