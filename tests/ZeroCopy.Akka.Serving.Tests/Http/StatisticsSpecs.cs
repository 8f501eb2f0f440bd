using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class StatisticsSpecs
{
    private const string Call = """{"inputs":[]}""";

    [Fact]
    public async Task Statistics_should_count_the_calls_of_a_model_and_their_time()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddSeconds(7));
        var fails = false;
        await using var served = await ServedModels.StartWithAsync(
            services => services.AddSingleton<TimeProvider>(clock),
            new FakeEndpoint("model", _ =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(5));
                return fails ? throw new InferenceException(InferenceFailure.Overloaded, "Full.") : new ModelAnswer([])
                {
                    Times = new CallTimes(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(1)),
                };
            }));
        (await served.InferAsync("model", Call)).Succeeded();
        (await served.InferAsync("model", Call)).Succeeded();
        fails = true;
        (await served.InferAsync("model", Call)).Failed(429);

        var model = Assert.Single(
            (await served.GetAsync("/v2/models/model/stats")).Succeeded().Json.GetProperty("model_stats").EnumerateArray());

        Assert.Equal(("model", "1"), (model.GetProperty("name").GetString(), model.GetProperty("version").GetString()));
        Assert.Equal((7010L, 2L), (model.GetProperty("last_inference").GetInt64(), model.GetProperty("inference_count").GetInt64()));
        var times = model.GetProperty("inference_stats");
        Assert.Equal((2L, 10_000_000L), Count(times, "success"));
        Assert.Equal((1L, 5_000_000L), Count(times, "fail"));
        Assert.Equal((2L, 4_000_000L), Count(times, "queue"));
        Assert.Equal((2L, 6_000_000L), Count(times, "compute_infer"));
        Assert.Equal((2L, 0L), Count(times, "compute_input"));
        Assert.Equal((2L, 0L), Count(times, "compute_output"));
    }

    [Fact]
    public async Task Statistics_should_count_an_execution_once_for_the_calls_that_it_answered_together()
    {
        var joined = 0;
        await using var served = await ServedModels.StartAsync(
            new FakeEndpoint("model", _ => new ModelAnswer([]) { Times = new CallTimes { Joined = joined } }));
        (await served.InferAsync("model", Call)).Succeeded();
        joined = 3;
        for (var call = 0; call < 6; call++)
        {
            (await served.InferAsync("model", Call)).Succeeded();
        }

        var model = (await served.GetAsync("/v2/models/model/stats")).Succeeded().Json.GetProperty("model_stats")[0];

        Assert.Equal((7, 3), (model.GetProperty("inference_count").GetInt32(), model.GetProperty("execution_count").GetInt32()));
    }

    [Fact]
    public async Task Statistics_and_answers_should_name_the_version_that_answered()
    {
        var next = 2;
        await using var served = await ServedModels.StartAsync(new FakeEndpoint("model", _ => new ModelAnswer([]) { Version = next++ }));

        var answers = new[] { await served.InferAsync("model", Call), await served.InferAsync("model", Call) };

        Assert.Equal(["2", "3"], answers.Select(answer => answer.Succeeded().Json.GetProperty("model_version").GetString()));
    }

    [Fact]
    public async Task Statistics_should_list_every_version_of_every_model_when_none_is_named()
    {
        await using var served = await ServedModels.StartAsync(
            FakeEndpoint.Identity("a"), new FakeEndpoint("b", _ => new ModelAnswer([])) { Version = 7 });

        var models = (await served.GetAsync("/v2/models/stats")).Succeeded().Json.GetProperty("model_stats").EnumerateArray();

        Assert.Equal(
            ["a@1", "b@7"], models.Select(model => $"{model.GetProperty("name").GetString()}@{model.GetProperty("version").GetString()}"));
    }

    [Fact]
    public async Task Statistics_should_not_be_found_when_there_is_no_such_model()
    {
        await using var served = await ServedModels.StartAsync();

        (await served.GetAsync("/v2/models/nobody/versions/1/stats")).Failed(404, "'nobody'");
    }

    private static (long Count, long Nanoseconds) Count(JsonElement times, string name) =>
        (times.GetProperty(name).GetProperty("count").GetInt64(), times.GetProperty(name).GetProperty("ns").GetInt64());
}
