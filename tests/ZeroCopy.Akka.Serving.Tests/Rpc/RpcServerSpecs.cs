using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Tests.Rpc;

public sealed class RpcServerSpecs
{
    private static readonly ModelSignature Signature = new([
        new MethodSignature(
            "forward",
            [
                new ValueSignature("ids", DType: DType.Int64, Shape: [-1, 8]),
                new ValueSignature("text", "str"),
                new ValueSignature("any", IsOptional: true),
            ],
            [new ValueSignature("output", DType: DType.BFloat16, Shape: [-1])]),
    ]);

    [Fact]
    public async Task Server_should_say_what_it_is()
    {
        await using var served = await ServedModels.StartAsync();

        var metadata = await served.Rpc.Call<ServerMetadataRequest, ServerMetadataResponse>("ServerMetadata", new());

        Assert.Equal("zerocopy", metadata.Name);
        Assert.Contains("statistics", metadata.Extensions);
        Assert.True((await served.Rpc.Call<ServerLiveRequest, ServerLiveResponse>("ServerLive", new())).Live);
    }

    [Fact]
    public async Task Server_should_be_ready_while_its_health_checks_pass_and_say_the_same_as_the_health_service()
    {
        var result = HealthCheckResult.Healthy();
        await using var served = await ServedModels.StartWithAsync(
            services => services.AddHealthChecks().AddCheck("models", () => result, tags: ["ready"]).AddCheck(
                "other", () => HealthCheckResult.Unhealthy()));

        Assert.Equal((true, HealthCheckResponse.Types.ServingStatus.Serving), await ReadyAsync());

        result = HealthCheckResult.Unhealthy("Loading.");

        Assert.Equal((false, HealthCheckResponse.Types.ServingStatus.NotServing), await ReadyAsync());

        async Task<(bool, HealthCheckResponse.Types.ServingStatus)> ReadyAsync()
        {
            var ready = await served.Rpc.Call<ServerReadyRequest, ServerReadyResponse>("ServerReady", new());
            var health = await HealthAsync("");
            Assert.Equal(health, await HealthAsync(RpcClient.Service));
            return (ready.Ready, health);
        }

        async Task<HealthCheckResponse.Types.ServingStatus> HealthAsync(string service) =>
            (await served.Rpc.Call<HealthCheckRequest, HealthCheckResponse>(
                "Check", new() { Service = service }, service: "grpc.health.v1.Health")).Status;
    }

    [Fact]
    public async Task Model_should_be_ready_when_it_can_be_called()
    {
        await using var served = await ServedModels.StartAsync(
            FakeEndpoint.Identity(), new FakeEndpoint("loading", _ => new ModelAnswer([])) { State = EndpointState.Loading });

        Assert.True(await ReadyAsync("identity"));
        Assert.True(await ReadyAsync("identity", "1"));
        Assert.False(await ReadyAsync("identity", "2"));
        Assert.False(await ReadyAsync("loading"));
        Assert.False(await ReadyAsync("nobody"));

        async Task<bool> ReadyAsync(string name, string version = "") =>
            (await served.Rpc.Call<ModelReadyRequest, ModelReadyResponse>("ModelReady", new() { Name = name, Version = version })).Ready;
    }

    [Fact]
    public async Task Model_should_be_told_in_the_protocols_words()
    {
        await using var served = await ServedModels.StartAsync(
            new FakeEndpoint("bert", _ => new ModelAnswer([])) { Version = 2, Signature = Signature });

        var metadata = await served.Rpc.Call<ModelMetadataRequest, ModelMetadataResponse>("ModelMetadata", new() { Name = "bert" });
        var config = (await served.Rpc.Call<ModelConfigRequest, ModelConfigResponse>("ModelConfig", new() { Name = "bert" })).Config;

        Assert.Equal(("bert", "2", "pytorch"), (metadata.Name, Assert.Single(metadata.Versions), metadata.Platform));
        Assert.Equal(
            ["ids INT64 -1,8", "text BYTES 1", "any FP32 -1", "output BF16 -1"],
            metadata.Inputs.Concat(metadata.Outputs).Select(value => $"{value.Name} {value.Datatype} {string.Join(',', value.Shape)}"));
        Assert.Equal(("bert", "zerocopy", 0), (config.Name, config.Backend, config.MaxBatchSize));
        Assert.Equal(
            [("ids", DataType.TypeInt64, false), ("text", DataType.TypeString, false), ("any", DataType.TypeFp32, true)],
            config.Input.Select(input => (input.Name, input.DataType, input.Optional)));
        Assert.Equal(("output", DataType.TypeBf16), (config.Output[0].Name, config.Output[0].DataType));
    }

    [Fact]
    public async Task Statistics_should_count_calls_of_both_protocols()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity(), FakeEndpoint.Identity("other"));
        await served.Rpc.Infer(RpcRequest.One());
        (await served.InferAsync("identity", """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""")).Succeeded();
        await served.Rpc.RefusedAsync(RpcRequest.Raw("FP32", [2]), StatusCode.InvalidArgument);

        var all = (await served.Rpc.Call<ModelStatisticsRequest, ModelStatisticsResponse>("ModelStatistics", new())).ModelStats;
        var one = (await served.Rpc.Call<ModelStatisticsRequest, ModelStatisticsResponse>(
            "ModelStatistics", new() { Name = "identity", Version = "1" })).ModelStats;

        Assert.Equal(["identity", "other"], all.Select(model => model.Name));
        Assert.Equal(all[0], Assert.Single(one));
        Assert.Equal((2ul, 2ul, 1ul), (one[0].InferenceCount, one[0].InferenceStats.Success.Count, one[0].InferenceStats.Fail.Count));
        Assert.Equal(0ul, all[1].InferenceCount);
    }

    [Fact]
    public async Task Index_should_list_the_models_with_their_state()
    {
        await using var served = await ServedModels.StartAsync(
            FakeEndpoint.Identity(),
            new FakeEndpoint("broken", _ => new ModelAnswer([])) { State = EndpointState.Failed, LastError = "No weights." });

        var all = await served.Rpc.Call<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new());
        var ready = await served.Rpc.Call<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new() { Ready = true });

        Assert.Equal(
            [("identity", "1", "READY", ""), ("broken", "1", "UNAVAILABLE", "No weights.")],
            all.Models.Select(model => (model.Name, model.Version, model.State, model.Reason)));
        Assert.Equal("identity", Assert.Single(ready.Models).Name);
    }

    [Fact]
    public async Task Reflection_should_know_the_services()
    {
        await using var served = await ServedModels.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(served.Rpc.Invoker).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext());

        Assert.Superset(
            new HashSet<string> { RpcClient.Service, "grpc.health.v1.Health" },
            call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToHashSet());
    }

    [Fact]
    public async Task Server_should_refuse_what_it_does_not_know()
    {
        await using var served = await ServedModels.StartAsync();

        var method = await Assert.ThrowsAsync<RpcException>(
            async () => await served.Rpc.Call<ServerLiveRequest, ServerLiveResponse>("CudaSharedMemoryStatus", new()));
        var service = await Assert.ThrowsAsync<RpcException>(
            async () => await served.Rpc.Call<ServerLiveRequest, ServerLiveResponse>("Live", new(), service: "other.Service"));

        Assert.Equal((StatusCode.Unimplemented, StatusCode.Unimplemented), (method.StatusCode, service.StatusCode));
    }
}
