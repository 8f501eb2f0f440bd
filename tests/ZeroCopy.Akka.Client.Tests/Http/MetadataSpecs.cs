using ZeroCopy.Client.Tensors;
using ZeroCopy.Client.Tests.Fakes;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Client.Tests.Http;

public sealed class MetadataSpecs
{
    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Client_should_read_what_our_server_says_of_itself_and_its_models(string transport)
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.Over(transport);
        (await client.InferAsync(new InferRequest(server.Name))).Dispose();

        Assert.True(await client.IsServerLiveAsync());
        Assert.True(await client.IsServerReadyAsync());
        Assert.True(await client.IsModelReadyAsync(server.Name, "3"));
        Assert.False(await client.IsModelReadyAsync("other"));
        Assert.Contains("binary_tensor_data", (await client.GetServerMetadataAsync()).Extensions);
        var model = await client.GetModelMetadataAsync(server.Name);
        Assert.Equal((server.Name, "3", "pytorch"), (model.Name, Assert.Single(model.Versions), model.Platform));
        Assert.Equal(Datatype.Bytes, Assert.Single(model.Outputs).Datatype);
        Assert.Equal<long>([-1, 2], Assert.Single(model.Inputs).Shape);
        Assert.Equal("pytorch", (await client.GetModelConfigurationAsync(server.Name, "3")).GetProperty("platform").GetString());
        var statistics = Assert.Single(await client.GetModelStatisticsAsync());
        Assert.Equal((server.Name, 1L, 1L), (statistics.Name, statistics.InferenceCount, statistics.Success.Count));
        Assert.True(statistics.Success.Average > TimeSpan.Zero && statistics.LastInference > DateTimeOffset.UnixEpoch);
        Assert.Equal(statistics, Assert.Single(await client.GetModelStatisticsAsync(server.Name)));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Client_should_list_the_models_of_the_repository(string transport)
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.Over(transport);

        var model = Assert.Single(await client.GetRepositoryIndexAsync());
        Assert.Equal((server.Name, "3", "READY", null), (model.Name, model.Version, model.State, model.Reason));
        server.State = EndpointState.Loading;
        Assert.Empty(await client.GetRepositoryIndexAsync(readyOnly: true));
        Assert.False(await client.IsModelReadyAsync(server.Name));
    }

    [Fact]
    public async Task Client_should_say_that_a_server_is_not_live_when_nobody_listens()
    {
        var server = await ScriptedServer.StartAsync(200, "application/json", "{}");
        await server.DisposeAsync();
        using var client = new Client.Http.InferenceHttpClient(server.Address);

        Assert.False(await client.IsServerLiveAsync());
        Assert.False(await client.IsServerReadyAsync());
        var error = await Assert.ThrowsAsync<InferenceServerException>(() => client.GetServerMetadataAsync());
        Assert.Equal((InferenceError.Unreachable, true), (error.Error, error.IsTransient));
    }

    [Fact]
    public async Task Client_should_put_the_protocols_paths_behind_the_path_of_its_address()
    {
        var paths = new List<string>();
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            paths.Add(context.Request.Path);
            return Task.CompletedTask;
        });
        using var client = new Client.Http.InferenceHttpClient(new Uri(server.Address, "/gate/triton"));

        await client.IsServerLiveAsync();
        await client.LoadModelAsync("m");
        await client.UnloadModelAsync("m");

        Assert.Equal(
            ["/gate/triton/v2/health/live", "/gate/triton/v2/repository/models/m/load", "/gate/triton/v2/repository/models/m/unload"],
            paths);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public async Task Client_should_refuse_names_that_mean_another_place_in_a_path(string name)
    {
        await using var server = await EchoServer.StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => server.Client.InferAsync(new InferRequest(name)));
    }
}
