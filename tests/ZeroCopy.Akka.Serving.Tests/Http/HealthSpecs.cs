using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class HealthSpecs
{
    [Theory]
    [InlineData("/v2/health/live", """{"live":true}""")]
    [InlineData("/health/live", """{"live":true}""")]
    [InlineData("/v2/health/ready", """{"ready":true}""")]
    [InlineData("/health/ready", """{"ready":true}""")]
    public async Task Health_should_be_good_when_the_application_runs(string path, string json)
    {
        await using var served = await ServedModels.StartAsync();

        Assert.Equal(json, (await served.GetAsync(path)).Succeeded().Json.GetRawText());
    }

    [Theory]
    [InlineData("/health/live", 200)]
    [InlineData("/v2/health/ready", 200)]
    [InlineData("/v2/models/unknown", 404)]
    [InlineData("/v2/models/unknown/infer", 405)]
    public async Task Probes_should_get_the_head_of_what_they_would_get(string path, int status)
    {
        await using var served = await ServedModels.StartAsync();

        using var answer = await served.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("ready", 503)]
    [InlineData("other", 200)]
    public async Task Ready_should_ask_the_health_checks_that_say_so(string tag, int status)
    {
        await using var served = await ServedModels.StartWithAsync(services => services.AddHealthChecks().AddCheck(
            "pools", () => HealthCheckResult.Unhealthy("Pool a is loading."), [tag]));

        var answer = await served.GetAsync("/v2/health/ready");

        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(status != 503, answer.Json.GetProperty("ready").GetBoolean());
        Assert.Equal(status == 503, answer.Json.TryGetProperty("error", out var error) && error.GetString() == "Pool a is loading.");
    }

    [Fact]
    public async Task Ready_should_end_when_the_application_begins_to_stop_and_calls_still_be_answered()
    {
        var (asked, answered) = (
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        served.Application.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() =>
        {
            // Stopping goes on when this returns.
            asked.SetResult();
            answered.Task.GetAwaiter().GetResult();
        });
        var stopping = Task.Run(() => served.Application.StopAsync());
        await asked.Task;
        try
        {
            var ready = await served.GetAsync("/health/ready");
            var call = await served.InferAsync("identity", """{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]}]}""");

            Assert.Equal(503, (int)ready.Status);
            Assert.Contains("shutting down", ready.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
            call.Succeeded();
        }
        finally
        {
            answered.SetResult();
            await stopping;
        }
    }
}
