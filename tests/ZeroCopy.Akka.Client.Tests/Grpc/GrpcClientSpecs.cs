using ZeroCopy.Client.Tensors;
using ZeroCopy.Client.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Client.Tests.Grpc;

/// <summary>What gRPC has beside what both transports do alike.</summary>
public sealed class GrpcClientSpecs
{
    [Fact]
    public async Task Client_should_bring_elements_of_every_type_there_and_back()
    {
        await using var server = await EchoServer.StartAsync();
        await RoundAsync(server, true, false);
        await RoundAsync<byte>(server, 0, byte.MaxValue);
        await RoundAsync<ushort>(server, 0, ushort.MaxValue);
        await RoundAsync<uint>(server, 0, uint.MaxValue);
        await RoundAsync<ulong>(server, 0, ulong.MaxValue);
        await RoundAsync(server, sbyte.MinValue, sbyte.MaxValue);
        await RoundAsync(server, short.MinValue, short.MaxValue);
        await RoundAsync(server, int.MinValue, int.MaxValue);
        await RoundAsync(server, long.MinValue, long.MaxValue);
        await RoundAsync(server, (Half)0.5f, Half.MaxValue);
        await RoundAsync(server, (BFloat16)1.5f, (BFloat16)3e38f);
        await RoundAsync(server, 0.1f, float.NaN);
        await RoundAsync(server, double.MinValue, double.NegativeInfinity);
        await RoundAsync(server, new double[1 << 20]);
    }

    [Fact]
    public async Task Client_should_say_that_nobody_listens()
    {
        var server = await EchoServer.StartAsync();
        await server.StopAsync();

        Assert.False(await server.Rpc.IsServerLiveAsync());
        var error = await Assert.ThrowsAsync<InferenceServerException>(() => server.Rpc.GetServerMetadataAsync());
        Assert.Equal((InferenceError.Unreachable, true), (error.Error, error.IsTransient));
    }

    [Theory]
    [InlineData(InferenceFailure.InvalidInput, InferenceError.InvalidRequest)]
    [InlineData(InferenceFailure.ModelNotFound, InferenceError.NotFound)]
    [InlineData(InferenceFailure.MessageTooLarge, InferenceError.TooLarge)]
    [InlineData(InferenceFailure.Overloaded, InferenceError.Overloaded)]
    [InlineData(InferenceFailure.ModelError, InferenceError.ServerError)]
    [InlineData(InferenceFailure.LoadFailed, InferenceError.Unavailable)]
    [InlineData(InferenceFailure.DeadlineExceeded, InferenceError.DeadlineExceeded)]
    public async Task Client_should_say_by_type_why_a_server_refused(InferenceFailure failure, InferenceError expected)
    {
        await using var server = await EchoServer.StartAsync();
        server.Work = _ => throw new InferenceException(failure, "It is so.");

        var error = await Assert.ThrowsAsync<InferenceServerException>(() => server.Rpc.InferAsync(new InferRequest(server.Name)));

        Assert.Equal((expected, "It is so.", $"{failure}"), (error.Error, error.Message, error.Failure));
    }

    [Fact]
    public async Task Client_should_refuse_an_answer_over_its_limit()
    {
        await using var server = await EchoServer.StartAsync(new InferenceClientOptions { MaxAnswerBytes = 1000 });

        var error = await Assert.ThrowsAsync<InferenceServerException>(
            () => server.Rpc.InferAsync(new InferRequest(server.Name, InferInput.Of("x", new byte[2000], 2000))));

        Assert.Equal(InferenceError.TooLarge, error.Error);
    }

    public static TheoryData<TimeSpan> Passed => [TimeSpan.Zero, TimeSpan.FromSeconds(-5), TimeSpan.MinValue];

    [Theory]
    [MemberData(nameof(Passed))]
    public async Task Client_should_not_call_when_the_time_has_passed_already(TimeSpan timeout)
    {
        await using var server = await EchoServer.StartAsync();

        var error = await Assert.ThrowsAsync<InferenceServerException>(
            () => server.Rpc.InferAsync(new InferRequest(server.Name) { Timeout = timeout }));

        Assert.Equal((InferenceError.DeadlineExceeded, null), (error.Error, server.Method));
        Assert.Contains("DeadlineExceeded", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_should_answer_in_order_and_go_on_after_a_call_that_fails()
    {
        await using var server = await EchoServer.StartAsync();
        using var stream = server.Rpc.OpenStream();
        await stream.WriteAsync(new InferRequest(server.Name, InferInput.Of("x", new long[] { 1 }, 1)) { Id = "a" });
        await stream.WriteAsync(new InferRequest("nobody") { Id = "b" });
        await stream.WriteAsync(new InferRequest(server.Name, InferInput.Of("x", new long[] { 3 }, 1)));
        await stream.CompleteAsync();

        var answers = new List<string>();
        await foreach (var answer in stream.ReadAllAsync())
        {
            using var result = answer.Result;
            answers.Add($"{answer.Id} {result?["x"].Values<long>()[0]} {answer.Error?.Message}");
        }

        Assert.Equal(["a 1 ", "b  There is no model 'nobody' here.", " 3 "], answers);
    }

    [Fact]
    public async Task Stream_should_end_with_its_token()
    {
        await using var server = await EchoServer.StartAsync();
        using var cancellation = new CancellationTokenSource();
        using var stream = server.Rpc.OpenStream();
        var read = stream.ReadAllAsync(cancellation.Token).GetAsyncEnumerator(cancellation.Token).MoveNextAsync().AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(TimeSpan.FromMinutes(2)));
    }

    private static async Task RoundAsync<T>(EchoServer server, params T[] values)
        where T : unmanaged
    {
        using var result = await server.Rpc.InferAsync(
            new InferRequest(server.Name, InferInput.Of("none", Array.Empty<T>(), 0, 3), InferInput.Of("x", values, 1, values.Length)));

        Assert.Equal(values, result["x"].Values<T>().ToArray());
        Assert.Equal<long>([1, values.Length], result["x"].Shape);
        Assert.Equal<long>([0, 3], result["none"].Shape);
    }
}
