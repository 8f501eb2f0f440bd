using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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

    public static TheoryData<string, string> Shown => new()
    {
        { "Authorization", $"Bearer {Key}" },
        { "Authorization", $"bearer  {Key} " },
        { "X-API-Key", Key },
        { "Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{Key}"))}" },
    };

    [Theory]
    [MemberData(nameof(Shown))]
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

    [Fact]
    public void ApiKey_should_be_refused_where_its_hash_is_none()
    {
        var options = new ApiKeyOptions();
        options.Keys.Add(new ApiKey("ci", "secret"));

        var error = Assert.Throws<InvalidOperationException>(options.Validate);

        Assert.Contains("'ci'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private static Task<ServedModels> StartAsync(LogLines? logs = null) => ServedModels.StartWithAsync(
        services =>
        {
            services.AddZeroCopyApiKeys(keys =>
            {
                keys.Keys.Add(new ApiKey("caller", ApiKey.HashOf(Key)));
                keys.Keys.Add(new ApiKey("manager", ApiKey.HashOf(ManagerKey).ToUpperInvariant(), MayManage: true));
            });
            services.Configure<ServingOptions>(options =>
                (options.CallPolicy, options.ManagePolicy) = (ZeroCopyAccess.CallPolicy, ZeroCopyAccess.ManagePolicy));
            services.AddZeroCopyStatus();
            if (logs is not null)
            {
                services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs));
            }
        },
        application => application.MapZeroCopyStatus(),
        FakeEndpoint.Identity());
}
