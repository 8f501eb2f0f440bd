using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Settings;
using ZeroCopy.Serving.Tests.Fakes;
using static ZeroCopy.Serving.Tests.Fakes.RpcRequest;

namespace ZeroCopy.Serving.Tests.Rpc;

public sealed class RpcCallSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Deadline_should_reach_the_model()
    {
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(endpoint);

        await served.Rpc.Infer(One(), Within(TimeSpan.FromHours(1)));
        Assert.InRange(endpoint.Last!.Options!.Deadline!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));

        await served.Rpc.Infer(One());
        Assert.Null(endpoint.Last.Options!.Deadline);
    }

    [Fact]
    public async Task Deadline_should_be_the_shorter_of_the_calls_and_the_requests_own()
    {
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartAsync(endpoint);
        var request = One();
        request.Parameters.Add("timeout", new InferParameter { Int64Param = 60_000_000 });

        await served.Rpc.Infer(request, Within(TimeSpan.FromHours(1)));

        Assert.InRange(endpoint.Last!.Options!.Deadline!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Deadline_that_passes_should_cancel_the_model()
    {
        var (endpoint, cancelled) = Endless();
        await using var served = await ServedModels.StartAsync(endpoint);

        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await served.Rpc.Infer(
            One(), Within(TimeSpan.FromMilliseconds(200))));

        Assert.Equal(StatusCode.DeadlineExceeded, refusal.StatusCode);
        await cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task Cancellation_should_reach_the_model()
    {
        var (endpoint, cancelled) = Endless();
        await using var served = await ServedModels.StartAsync(endpoint);
        using var call = served.Rpc.Infer(One());
        await endpoint.Called.WaitAsync(Patience);

        call.Dispose();

        await cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task Stream_should_answer_each_request_in_their_order()
    {
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        using var stream = served.Rpc.Stream();

        for (var number = 1; number <= 3; number++)
        {
            await stream.RequestStream.WriteAsync(new ModelInferRequest(Raw("INT8", [1], (byte)number)) { Id = $"{number}" });
        }

        await stream.RequestStream.CompleteAsync();
        var answers = await ReadAsync(stream);

        Assert.Equal(["1", "2", "3"], answers.Select(answer => answer.InferResponse.Id));
        Assert.Equal([1, 2, 3], answers.Select(answer => answer.InferResponse.RawOutputContents[0].Span[0]));
        Assert.All(answers, answer => Assert.Empty(answer.ErrorMessage));
    }

    [Fact]
    public async Task Stream_should_go_on_behind_a_call_that_failed()
    {
        await using var served = await ServedModels.StartAsync(
            FakeEndpoint.Identity(),
            new FakeEndpoint("full", FakeEndpoint.Fail(new InferenceException(InferenceFailure.Overloaded, "The queue is full."))));
        using var stream = served.Rpc.Stream();

        await stream.RequestStream.WriteAsync(new ModelInferRequest(One()) { ModelName = "full", Id = "a" });
        await stream.RequestStream.WriteAsync(new ModelInferRequest { ModelName = "nobody", Id = "b" });
        await stream.RequestStream.WriteAsync(new ModelInferRequest(One()) { Id = "c" });
        await stream.RequestStream.CompleteAsync();
        var answers = await ReadAsync(stream);

        Assert.Equal(
            [("The queue is full.", "a"), ("There is no model 'nobody' here.", "b"), ("", "c")],
            answers.Select(answer => (answer.ErrorMessage, answer.InferResponse.Id)));
    }

    [Fact]
    public async Task Stream_should_count_the_timeout_of_a_request_from_when_it_is_read()
    {
        var clock = new FakeTimeProvider();
        var endpoint = FakeEndpoint.Identity();
        await using var served = await ServedModels.StartWithAsync(services => services.AddSingleton<TimeProvider>(clock), endpoint);
        using var stream = served.Rpc.Stream();
        var request = One();
        request.Parameters.Add("timeout", new InferParameter { Int64Param = 60_000_000 });

        for (var minute = 0; minute < 3; minute++)
        {
            await stream.RequestStream.WriteAsync(request);
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
            Assert.Equal(("", TimeSpan.FromMinutes(1)), (stream.ResponseStream.Current.ErrorMessage, endpoint.Last!.Options!.Deadline));
            clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task Stream_that_is_cancelled_should_cancel_its_call()
    {
        var (endpoint, cancelled) = Endless();
        await using var served = await ServedModels.StartAsync(endpoint);
        using var stream = served.Rpc.Stream();
        await stream.RequestStream.WriteAsync(One());
        await endpoint.Called.WaitAsync(Patience);

        stream.Dispose();

        await cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task End_of_the_application_should_end_calls_that_outlast_it()
    {
        var (endpoint, cancelled) = Endless();
        await using var served = await ServedModels.StartAsync(options => options.DrainTimeout = TimeSpan.FromMilliseconds(1), endpoint);
        var call = served.Rpc.RefusedAsync(
            One(), StatusCode.Unavailable, "The server is shutting down",
            "(zerocopy.serving.drain-delay and zerocopy.inference.drain-timeout, ServingOptions.DrainTimeout)");
        await endpoint.Called.WaitAsync(Patience);

        await served.Application.StopAsync();

        await call.WaitAsync(Patience);
        await cancelled.WaitAsync(Patience);
    }

    [Fact]
    public async Task End_of_the_application_should_end_streams_that_ask_nothing()
    {
        var clock = new FakeTimeProvider();
        await using var served = await ServedModels.StartWithAsync(
            services => services.AddSingleton<TimeProvider>(clock).Configure<ServingOptions>(
                options => options.DrainDelay = TimeSpan.FromSeconds(20)),
            FakeEndpoint.Identity());
        using var stream = served.Rpc.Stream();
        await AskAsync();

        served.Application.Lifetime.StopApplication();
        clock.Advance(TimeSpan.FromSeconds(19));
        await AskAsync();
        clock.Advance(TimeSpan.FromSeconds(1));

        var refusal = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(stream).WaitAsync(Patience));
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
        Assert.Contains("open another stream", refusal.Status.Detail, StringComparison.Ordinal);
        await served.Application.StopAsync().WaitAsync(Patience);

        async Task AskAsync()
        {
            await stream.RequestStream.WriteAsync(One());
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
            Assert.Equal("", stream.ResponseStream.Current.ErrorMessage);
        }
    }

    private static Grpc.Core.CallOptions Within(TimeSpan time) => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + time);

    private static async Task<List<ModelStreamInferResponse>> ReadAsync(
        AsyncDuplexStreamingCall<ModelInferRequest, ModelStreamInferResponse> stream)
    {
        var answers = new List<ModelStreamInferResponse>();
        await foreach (var answer in stream.ResponseStream.ReadAllAsync())
        {
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>A model that never answers, and tells when its call is cancelled.</summary>
    private static (FakeEndpoint Endpoint, Task Cancelled) Endless()
    {
        var cancelled = new TaskCompletionSource();
        return (
            new FakeEndpoint("identity", async call =>
            {
                using var registration = call.CancellationToken.Register(cancelled.SetResult);
                await Task.Delay(Timeout.InfiniteTimeSpan, call.CancellationToken);
                return new ModelAnswer([]);
            }),
            cancelled.Task);
    }
}
