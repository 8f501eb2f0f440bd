using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ZeroCopy.Client.Tensors;
using ZeroCopy.Client.Tests.Fakes;

namespace ZeroCopy.Client.Tests.Http;

/// <summary>Calls of our own server.</summary>
public sealed class InferSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_should_bring_elements_of_every_type_there_and_back(bool isBinary)
    {
        await using var server = await EchoServer.StartAsync(new InferenceClientOptions { BinaryTensors = isBinary });
        await RoundAsync(server, true, false);
        await RoundAsync<byte>(server, 0, byte.MaxValue);
        await RoundAsync<ushort>(server, 0, ushort.MaxValue);
        await RoundAsync<uint>(server, 0, uint.MaxValue);
        await RoundAsync<ulong>(server, 0, ulong.MaxValue);
        await RoundAsync(server, sbyte.MinValue, sbyte.MaxValue);
        await RoundAsync(server, short.MinValue, short.MaxValue);
        await RoundAsync(server, int.MinValue, int.MaxValue);
        await RoundAsync(server, long.MinValue, long.MaxValue);
        await RoundAsync(server, 0.1f, float.NaN);
        await RoundAsync(server, double.MinValue, double.NegativeInfinity);
        if (isBinary)
        {
            await RoundAsync(server, (Half)0.5f, Half.MaxValue);
            await RoundAsync(server, (BFloat16)1.5f, (BFloat16)3e38f);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_should_bring_a_text_there_and_back(bool isBinary)
    {
        await using var server = await EchoServer.StartAsync(new InferenceClientOptions { BinaryTensors = isBinary });

        using var result = await server.Client.InferAsync(new InferRequest(server.Name, InferInput.OfText("text", "ä \"b\"")));

        Assert.Equal((Datatype.Bytes, 1L), (result["text"].Datatype, Assert.Single(result["text"].Shape)));
        Assert.Equal(["ä \"b\""], result["text"].Texts());
    }

    [Fact]
    public async Task Client_should_refuse_to_send_floats_of_16_bits_as_json()
    {
        await using var server = await EchoServer.StartAsync(new InferenceClientOptions { BinaryTensors = false });

        var error = await Assert.ThrowsAsync<ArgumentException>(
            () => server.Client.InferAsync(new InferRequest(server.Name, InferInput.Of("x", new Half[2], 2))));

        Assert.Contains("FP16", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Client_should_send_several_inputs_and_choose_among_outputs(string transport)
    {
        await using var server = await EchoServer.StartAsync();
        var request = new InferRequest(
            server.Name, InferInput.Of("a", new float[] { 1 }, 1), InferInput.Of("b", new long[] { 2, 3 }, 2), InferInput.OfText("c", "d"))
        {
            Id = "17",
            ModelVersion = "3",
            Outputs = ["c", "b"],
        };

        using var result = await server.Over(transport).InferAsync(request);

        Assert.Equal((server.Name, "3", "17"), (result.Model, result.ModelVersion, result.Id));
        Assert.Equal(["b", "c"], result.Outputs.Select(output => output.Name));
        Assert.Equal([2, 3], result["b"].Values<long>());
        Assert.Equal(["d"], result["c"].Texts());
        Assert.Contains("'a'", Assert.Throws<KeyNotFoundException>(() => result["a"]).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => result["b"].Values<double>().ToArray());
        Assert.Throws<InvalidOperationException>(() => result["b"].Texts());
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Client_should_tell_the_server_timeout_and_parameters(string transport)
    {
        await using var server = await EchoServer.StartAsync();
        var request = new InferRequest(server.Name)
        {
            Timeout = TimeSpan.FromMinutes(1),
            Priority = 2,
            Parameters = new Dictionary<string, object>
            {
                ["method"] = "other",
                ["sequence_id"] = 5UL,
                ["a"] = true,
                ["b"] = 1.5,
                ["c"] = -1,
                ["d"] = 7L,
            }.ToImmutableDictionary(),
        };

        (await server.Over(transport).InferAsync(request)).Dispose();

        Assert.Equal(("other", "5"), (server.Method, server.Options?.HashKey));
        Assert.InRange(server.Options!.Deadline!.Value, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Client_should_not_answer_from_memory_that_it_gave_back()
    {
        await using var server = await EchoServer.StartAsync();
        var result = await server.Client.InferAsync(new InferRequest(server.Name, InferInput.Of("x", new float[] { 1 }, 1)));

        result.Dispose();

        Assert.Throws<ObjectDisposedException>(() => result["x"].Values<float>().ToArray());
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Client_should_end_a_call_at_its_timeout_and_the_model_with_it(string transport)
    {
        await using var server = await EchoServer.StartAsync();
        var (entered, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Work = async token =>
        {
            entered.SetResult();
            using var registration = token.Register(ended.SetResult);
            await ended.Task;
            token.ThrowIfCancellationRequested();
        };

        var error = await Assert.ThrowsAsync<InferenceServerException>(
            () => server.Over(transport).InferAsync(new InferRequest(server.Name) { Timeout = TimeSpan.FromSeconds(1) }));

        Assert.Equal((InferenceError.DeadlineExceeded, false), (error.Error, error.IsTransient));
        // On a machine that is slow enough the time passes before the model runs.
        await (entered.Task.IsCompleted ? ended.Task.WaitAsync(Patience) : Task.CompletedTask);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Client_should_end_a_call_that_is_cancelled_and_the_model_with_it(string transport)
    {
        await using var server = await EchoServer.StartAsync();
        using var cancellation = new CancellationTokenSource();
        var (entered, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Work = async token =>
        {
            using var registration = token.Register(ended.SetResult);
            entered.SetResult();
            await ended.Task;
            token.ThrowIfCancellationRequested();
        };
        var call = server.Over(transport).InferAsync(new InferRequest(server.Name), cancellation.Token);
        await entered.Task.WaitAsync(Patience);

        await cancellation.CancelAsync();

        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
        Assert.Equal(cancellation.Token, error.CancellationToken);
        await ended.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Client_should_send_from_the_memory_itself_and_copy_a_span()
    {
        await using var server = await EchoServer.StartAsync();
        var values = new int[] { 1, 2, 3 };
        var (view, copy) = (InferInput.Of<int>("view", values.AsMemory(1), 2), InferInput.CopyOf<int>("copy", values.AsSpan(1), 2));
        values[1] = 7;

        using var result = await server.Client.InferAsync(new InferRequest(server.Name, view, copy));

        Assert.Equal([7, 3], result["view"].Values<int>());
        Assert.Equal([2, 3], result["copy"].Values<int>());
    }

    [Fact]
    public async Task Client_should_bring_a_tensor_that_is_larger_than_every_buffer()
    {
        await using var server = await EchoServer.StartAsync();
        var values = new double[1 << 20];
        new Random(1).NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));

        using var result = await server.Client.InferAsync(new InferRequest(server.Name, InferInput.Of("x", values, 1024, 1024)));

        Assert.True(result["x"].Data.Span.SequenceEqual(MemoryMarshal.AsBytes(values.AsSpan())));
    }

    private static async Task RoundAsync<T>(EchoServer server, params T[] values)
        where T : unmanaged
    {
        using var result = await server.Client.InferAsync(
            new InferRequest(server.Name, InferInput.Of("none", Array.Empty<T>(), 0, 3), InferInput.Of("x", values, 1, values.Length)));

        Assert.Equal(values, result["x"].Values<T>().ToArray());
        Assert.Equal<long>([1, values.Length], result["x"].Shape);
        Assert.Equal<long>([0, 3], result["none"].Shape);
    }
}
