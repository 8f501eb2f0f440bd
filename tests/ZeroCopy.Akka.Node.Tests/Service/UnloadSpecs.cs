using System.Net;
using Google.Protobuf;
using ZeroCopy.Node.Service;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.OpenInference;

namespace ZeroCopy.Node.Tests.Service;

public sealed class UnloadSpecs : IDisposable
{
    private const int Callers = 8;
    private const int Unloads = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public async Task Unload_should_fail_no_call_of_those_that_come_meanwhile()
    {
        _zerocopy.Run("put", NodeScripts.Count(_zerocopy.File("counter.pt")), "--name", "counter").Succeeded();
        await using var node = await NodeApplication.StartAsync(
            NodeConfiguration.Read(new NodeRequest
            {
                StoreDirectory = _zerocopy.Store,
                Host = "127.0.0.1",
                Port = 0,
                HttpPort = 0,
                GrpcPort = 0,
            }),
            json: false,
            CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(node.Http) };
        using var answers = new SemaphoreSlim(0);
        using var over = new CancellationTokenSource();
        var callers = Enumerable.Range(0, Callers).Select(CallAsync).ToArray();

        for (var i = 0; i < Unloads; i++)
        {
            // Each one meets calls under way, and a model that was loaded again. A caller that ends has failed.
            await Task.WhenAny([AnswersAsync(), .. callers]);
            using var unloaded = await client.PostAsync("/v2/repository/models/counter/unload", null);
            Assert.Equal(HttpStatusCode.OK, unloaded.StatusCode);
        }

        await over.CancelAsync();
        Assert.All(await Task.WhenAll(callers).WaitAsync(Patience), calls => Assert.True(calls > 0));

        async Task<int> CallAsync(int caller)
        {
            var calls = 0;
            for (; !over.IsCancellationRequested; calls++)
            {
                var times = (calls * Callers) + caller;
                Assert.Equal(times, caller % 2 == 0 ? await NodeCalls.CountAsync(client, "counter", times) : await RpcAsync(times));
                answers.Release();
            }

            return calls;
        }

        async Task AnswersAsync()
        {
            for (var answer = 0; answer < Callers; answer++)
            {
                await answers.WaitAsync(Patience);
            }
        }

        async Task<double> RpcAsync(int times)
        {
            var request = new ModelInferRequest { ModelName = "counter" };
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP64", Shape = { 1 } });
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "times", Datatype = "INT64", Shape = { 1 } });
            request.RawInputContents.Add(ByteString.CopyFrom(new byte[sizeof(double)]));
            request.RawInputContents.Add(ByteString.CopyFrom(BitConverter.GetBytes((long)times)));
            var answer = await RawCall.SendAsync(
                new Uri(node.Grpc!), "/inference.GRPCInferenceService/ModelInfer", request.ToByteArray());
            return BitConverter.ToDouble(ModelInferResponse.Parser.ParseFrom(answer).RawOutputContents[0].Span);
        }
    }
}
