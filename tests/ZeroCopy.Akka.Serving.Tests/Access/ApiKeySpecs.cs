using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Access;
using ZeroCopy.Serving.Settings;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Access;

public sealed class ApiKeySpecs
{
    private const string Key = "key-of-a-caller-4f1d9c";
    private const string ManagerKey = "key-of-a-manager-77aa02";
    private const string Body = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""";

    [Fact]
    public async Task ApiKey_should_be_asked_for_where_none_is_shown()
    {
        await using var served = await StartAsync();

        var answer = (await served.InferAsync("identity", Body)).Failed(401, "Authorization: Bearer KEY");

        Assert.Contains("Bearer", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.Contains("Basic realm", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Headers => new()
    {
        { "Authorization", $"Bearer {Key}" },
        { "Authorization", $"bearer  {Key} " },
        { "X-API-Key", Key },
        { "Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{Key}"))}" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task ApiKey_should_open_the_models_however_it_is_shown(string header, string value)
    {
        await using var served = await StartAsync();
        served.Client.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        (await served.InferAsync("identity", Body)).Succeeded();
        (await served.GetAsync("/v2/models/identity")).Succeeded();
    }

    [Theory]
    [InlineData("Authorization", "Bearer key-of-a-caller-4f1d9")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "Basic !!!")]
    [InlineData("Authorization", "Basic bm9jb2xvbg==")]
    [InlineData("Authorization", "Digest key-of-a-caller-4f1d9c")]
    [InlineData("X-API-Key", "")]
    public async Task ApiKey_should_not_open_where_another_one_is_shown(string header, string value)
    {
        await using var served = await StartAsync();
        served.Client.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        (await served.InferAsync("identity", Body)).Failed(401);
        (await served.GetAsync("/v2")).Failed(401);
        (await served.GetAsync("/status/events")).Failed(401);
    }

    [Theory]
    [InlineData("/v2/health/live")]
    [InlineData("/health/live")]
    [InlineData("/v2/health/ready")]
    [InlineData("/health/ready")]
    public async Task Health_should_be_everybodys(string path)
    {
        await using var served = await StartAsync();

        (await served.GetAsync(path)).Succeeded();
    }

    [Fact]
    public async Task Health_should_be_everybodys_under_a_prefix_and_nothing_else()
    {
        await using var served = await StartAsync(prefix: "/v2/health");

        (await served.GetAsync("/v2/health/v2/health/live")).Succeeded();
        (await served.GetAsync("/v2/health/health/ready")).Succeeded();
        (await served.GetAsync("/v2/health/v2")).Failed(401);
    }

    [Fact]
    public async Task Repository_should_open_to_managers_only()
    {
        await using var served = await StartAsync();
        (await IndexAsync(Key)).Failed(403, "'caller'");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/repository/index");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ManagerKey);
        using var answer = await served.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        async Task<Answer> IndexAsync(string key)
        {
            var index = new HttpRequestMessage(HttpMethod.Post, "/v2/repository/index");
            index.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            return await served.SendAsync(index);
        }
    }

    [Fact]
    public async Task ApiKey_should_be_in_no_log()
    {
        var logs = new LogLines();
        await using var served = await StartAsync(logs);
        served.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        (await served.InferAsync("identity", Body)).Succeeded();
        served.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong-key-31415");
        (await served.InferAsync("identity", Body)).Failed(401);

        Assert.NotEmpty(logs.Lines);
        Assert.All(logs.Lines, line =>
        {
            Assert.DoesNotContain(Key, line, StringComparison.Ordinal);
            Assert.DoesNotContain("31415", line, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("cross-site", 403)]
    [InlineData("same-site", 403)]
    [InlineData("same-origin", 200)]
    [InlineData("none", 200)]
    public async Task Call_should_be_refused_from_a_page_of_another_site(string site, int status)
    {
        await using var served = await StartAsync();
        served.Client.DefaultRequestHeaders.Add("X-API-Key", Key);
        using var request = ServedModels.Request("identity", Encoding.UTF8.GetBytes(Body), null);
        request.Headers.Add("Sec-Fetch-Site", site);

        using var answer = await served.Client.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.DoesNotContain("Access-Control-Allow-Origin", answer.Headers.Select(header => header.Key));
    }

    [Theory]
    [InlineData("http://evil.example", 403)]
    [InlineData("https://evil.example:8080", 403)]
    [InlineData("null", 403)]
    [InlineData("http://HOST", 200)]
    [InlineData("https://HOST", 200)]
    public async Task Call_should_be_refused_from_a_page_of_another_site_whose_browser_tells_its_origin_alone(string origin, int status)
    {
        await using var served = await StartAsync();
        served.Client.DefaultRequestHeaders.Add("X-API-Key", Key);
        using var request = ServedModels.Request("identity", Encoding.UTF8.GetBytes(Body), null);
        request.Headers.Add("Origin", origin.Replace("HOST", served.Client.BaseAddress!.Authority, StringComparison.Ordinal));

        using var answer = await served.Client.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("inputs")]
    [InlineData("outputs")]
    public async Task Shared_memory_should_open_to_managers_only_in_calls_too(string list)
    {
        using var shared = new SharedObjectFile(64);
        await using var served = await StartAsync();
        served.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ManagerKey);
        (await served.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v2/systemsharedmemory/region/r/register")
        {
            Content = new StringContent($$"""{"key":"{{shared.Key}}","byte_size":64}"""),
        })).Succeeded();
        const string InRegion = """ "parameters":{"shared_memory_region":"r","shared_memory_byte_size":4} """;
        var body = list == "inputs"
            ? $$"""{"inputs":[{"name":"x","shape":[1],"datatype":"FP32",{{InRegion}}}]}"""
            : $$"""{{Body[..^1]}},"outputs":[{"name":"output",{{InRegion}}}]}""";
        var message = RpcRequest.Raw("FP32", [1], RpcRequest.Bytes(1f));
        var parameters = list == "inputs" ? message.Inputs[0].Parameters : new();
        parameters["shared_memory_region"] = new InferParameter { StringParam = "r" };
        parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = 4 };
        if (list == "inputs")
        {
            message.RawInputContents.Clear();
        }
        else
        {
            message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "output", Parameters = { parameters } });
        }

        (await served.InferAsync("identity", body)).Succeeded();
        await served.Rpc.Infer(message, Shown(ManagerKey));
        shared.Bytes = [1, 2, 3, 4];
        served.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);

        (await served.InferAsync("identity", body)).Failed(403, "Shared memory");
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await served.Rpc.Infer(message, Shown(Key)));

        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Equal([1, 2, 3, 4], shared.Bytes[..4]);
    }

    [Fact]
    public async Task ApiKey_should_be_asked_for_over_grpc_in_its_own_words()
    {
        await using var served = await StartAsync();

        var unknown = await Assert.ThrowsAsync<RpcException>(async () => await served.Rpc.Infer(RpcRequest.One()));
        var forbidden = await Assert.ThrowsAsync<RpcException>(async () => await served.Rpc
            .Call<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", new RepositoryIndexRequest(), Shown(Key)));

        Assert.Equal(StatusCode.Unauthenticated, unknown.StatusCode);
        Assert.Contains("Authorization: Bearer KEY", unknown.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(
            (StatusCode.PermissionDenied, "The API key 'caller' may not do this."), (forbidden.StatusCode, forbidden.Status.Detail));
    }

    [Fact]
    public void ApiKey_should_be_refused_where_its_hash_is_none()
    {
        var options = new ApiKeyOptions();
        options.Keys.Add(new ApiKey("ci", "secret"));

        var error = Assert.Throws<InvalidOperationException>(options.Validate);

        Assert.Contains("'ci'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private static Grpc.Core.CallOptions Shown(string key) => new(new Metadata { { "authorization", $"Bearer {key}" } });

    private static Task<ServedModels> StartAsync(LogLines? logs = null, string prefix = "/ml") => ServedModels.StartWithAsync(
        services =>
        {
            services.AddZeroCopyApiKeys(keys =>
            {
                keys.Keys.Add(new ApiKey("caller", ApiKey.HashOf(Key)));
                keys.Keys.Add(new ApiKey("manager", ApiKey.HashOf(ManagerKey).ToUpperInvariant(), MayManage: true));
            });
            services.Configure<ServingOptions>(options =>
                (options.CallPolicy, options.ManagePolicy, options.SharedMemory) =
                    (ZeroCopyAccess.CallPolicy, ZeroCopyAccess.ManagePolicy, true));
            services.AddZeroCopyStatus();
            if (logs is not null)
            {
                services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs));
            }
        },
        application =>
        {
            application.MapZeroCopyStatus();
            application.MapGroup(prefix).MapZeroCopyInference();
        },
        FakeEndpoint.Identity());
}
