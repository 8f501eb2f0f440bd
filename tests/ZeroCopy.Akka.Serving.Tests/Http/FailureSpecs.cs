using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Settings;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class FailureSpecs
{
    private const string Call = """{"inputs":[]}""";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(InferenceFailure.InvalidInput, 400)]
    [InlineData(InferenceFailure.MethodNotFound, 400)]
    [InlineData(InferenceFailure.ModelNotFound, 404)]
    [InlineData(InferenceFailure.PoolNotFound, 404)]
    [InlineData(InferenceFailure.MessageTooLarge, 413)]
    [InlineData(InferenceFailure.Overloaded, 429)]
    [InlineData(InferenceFailure.ModelError, 500)]
    [InlineData(InferenceFailure.ActorCrashed, 500)]
    [InlineData(InferenceFailure.CircularCall, 500)]
    [InlineData(InferenceFailure.LoadFailed, 503)]
    [InlineData(InferenceFailure.ShuttingDown, 503)]
    [InlineData(InferenceFailure.Unreachable, 503)]
    [InlineData(InferenceFailure.Cancelled, 503)]
    [InlineData(InferenceFailure.DeadlineExceeded, 504)]
    public async Task Infer_should_say_by_its_status_how_a_call_failed(InferenceFailure failure, int status)
    {
        await using var served = await ServedModels.StartAsync(Failing(new InferenceException(failure, "It is so.\nAnd more.")));

        var answer = (await served.InferAsync("model", Call)).Failed(status);

        Assert.Equal("It is so. And more.", answer.Error);
        Assert.Equal($"{failure}", answer.Headers["zerocopy-failure"]);
    }

    [Fact]
    public async Task Infer_should_blame_the_caller_for_what_the_model_cannot_compute_with()
    {
        var refused = new InferenceException(InferenceFailure.ModelError, "Sizes do not fit.") { CausedByInput = true };
        await using var served = await ServedModels.StartAsync(Failing(refused));

        var answer = (await served.InferAsync("model", Call)).Failed(400, "Sizes do not fit");

        Assert.Equal("ModelError", answer.Headers["zerocopy-failure"]);
    }

    [Fact]
    public async Task Infer_should_say_when_to_come_back_when_there_are_too_many_calls()
    {
        await using var served = await ServedModels.StartAsync(
            options => options.RetryAfter = TimeSpan.FromSeconds(2.5),
            Failing(new InferenceException(InferenceFailure.Overloaded, "Full.")));

        Assert.Equal("3", (await served.InferAsync("model", Call)).Failed(429).Headers["Retry-After"]);
    }

    [Fact]
    public async Task Infer_should_keep_to_itself_what_an_error_that_is_a_bug_says()
    {
        await using var served = await ServedModels.StartAsync(Failing(new InvalidOperationException("secret")));

        Assert.DoesNotContain("secret", (await served.InferAsync("model", Call)).Failed(500, "log").Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_should_not_find_a_model_that_is_not_there()
    {
        await using var served = await ServedModels.StartAsync();

        (await served.InferAsync("nobody", "not even JSON")).Failed(404, "'nobody'");
    }

    [Theory]
    [InlineData("2", 404, "no version 2 of a model 'identity'")]
    [InlineData("0", 400, "The version is '0'")]
    [InlineData("-1", 400, "The version is '-1'")]
    [InlineData("new", 400, "The version is 'new'")]
    [InlineData("99999999999", 400, "The version is '99999999999'")]
    public async Task Infer_should_not_find_a_version_that_is_not_there(string version, int status, string words)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        (await served.InferAsync($"identity/versions/{version}", Call)).Failed(status, words);
    }

    [Fact]
    public async Task Infer_should_cancel_the_call_when_its_client_leaves()
    {
        var (started, cancelled) = (Signal(), Signal());
        await using var served = await ServedModels.StartAsync(new FakeEndpoint("model", async call =>
        {
            call.CancellationToken.Register(cancelled.SetResult);
            started.SetResult();
            await cancelled.Task;
            throw new OperationCanceledException(call.CancellationToken);
        }));
        using var leaving = new CancellationTokenSource();
        using var request = ServedModels.Request("model", """{"inputs":[]}"""u8.ToArray(), null);
        var answer = served.Client.SendAsync(request, leaving.Token);
        await started.Task.WaitAsync(Patience);

        await leaving.CancelAsync();

        await cancelled.Task.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    [Fact]
    public async Task Infer_should_answer_a_call_that_outlasts_the_applications_end()
    {
        var (clock, started) = (new FakeTimeProvider(), Signal());
        await using var served = await ServedModels.StartWithAsync(
            services => services.AddSingleton<TimeProvider>(clock).Configure<ServingOptions>(
                options => options.DrainTimeout = TimeSpan.FromSeconds(20)),
            new FakeEndpoint("model", async call =>
            {
                started.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, clock, call.CancellationToken);
                throw new InvalidOperationException("Nobody waits for ever.");
            }));
        var answer = served.InferAsync("model", Call);
        await started.Task.WaitAsync(Patience);
        served.Application.Lifetime.StopApplication();
        var stopping = served.Application.StopAsync();

        clock.Advance(TimeSpan.FromSeconds(19));
        Assert.False(answer.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));

        (await answer.WaitAsync(Patience)).Failed(
            503, "shutting down",
            "20 s (zerocopy.serving.drain-delay and zerocopy.inference.drain-timeout, ServingOptions.DrainTimeout)");
        await stopping.WaitAsync(Patience);
    }

    [Theory]
    [InlineData("/v2/models/identity/infer", "GET", "POST")]
    [InlineData("/v2/models/identity", "POST", "GET,HEAD")]
    [InlineData("/v2/health/live", "DELETE", "GET,HEAD")]
    public async Task Path_should_name_the_method_that_it_takes(string path, string method, string allowed)
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        var answer = await served.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(allowed, answer.Failed(405, method).Headers["Allow"]);
    }

    [Theory]
    [InlineData("/v2/nothing")]
    [InlineData("/v2/models/team/a%20b%25c/ready")]
    public async Task Path_should_not_be_found_when_the_protocol_has_none_such(string path)
    {
        await using var served = await ServedModels.StartAsync();

        (await served.GetAsync(path)).Failed(404);
    }

    [Fact]
    public async Task Mapping_should_refuse_a_limit_that_lets_nothing_through()
    {
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => ServedModels.StartWithAsync(services => services.Configure<ServingOptions>(options => options.MaxElements = 0)));

        Assert.Equal("MaxElements", error.ParamName);
    }

    public static TheoryData<string, TimeSpan> NoDurations => new()
    {
        { nameof(ServingOptions.DrainTimeout), TimeSpan.Zero },
        { nameof(ServingOptions.DrainTimeout), TimeSpan.FromSeconds(-5) },
        { nameof(ServingOptions.DrainDelay), TimeSpan.FromSeconds(-5) },
        { nameof(ServingOptions.DrainDelay), Timeout.InfiniteTimeSpan },
        { nameof(ServingOptions.DrainDelay), TimeSpan.FromDays(50) },
    };

    [Theory]
    [MemberData(nameof(NoDurations))]
    public async Task Mapping_should_refuse_a_duration_that_cannot_be_waited_for(string option, TimeSpan duration)
    {
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => ServedModels.StartAsync(options => typeof(ServingOptions).GetProperty(option)!.SetValue(options, duration)));

        Assert.Equal(option, error.ParamName);
    }

    [Fact]
    public async Task Drain_should_let_calls_end_within_a_limit_longer_than_timers_wait()
    {
        await using var served = await ServedModels.StartAsync(options => options.DrainTimeout = TimeSpan.FromDays(50));

        var drain = served.Application.Services.GetRequiredService<Drain>();
        var closed = Signal();
        await using var registration = drain.Closed.Register(closed.SetResult);

        served.Application.Lifetime.StopApplication();

        // A delay of zero is a timer's too.
        await closed.Task.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.False(drain.Over.IsCancellationRequested);
    }

    private static FakeEndpoint Failing(Exception error) => new("model", _ => Task.FromException<ModelAnswer>(error));

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
