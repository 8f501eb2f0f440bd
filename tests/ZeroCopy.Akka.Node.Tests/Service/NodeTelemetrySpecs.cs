using Grpc.Core;
using ZeroCopy.Node.Service;
using ZeroCopy.Node.Tests.Cli;

namespace ZeroCopy.Node.Tests.Service;

public sealed class NodeTelemetrySpecs : IDisposable
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Theory]
    [InlineData(false, "POST /v2/models/{name}/infer")]
    [InlineData(true, "POST /inference.GRPCInferenceService/ModelInfer")]
    public async Task Node_should_send_the_metrics_and_the_callers_trace_to_the_collector(bool isGrpc, string request)
    {
        await using var collector = await Collector.StartAsync();
        _zerocopy.Run("put", NodeScripts.Count(_zerocopy.File("traced.pt")), "--name", "traced").Succeeded();
        File.WriteAllText(_zerocopy.File("node.conf"), $"zerocopy.telemetry.otlp-endpoint = \"{collector.Address}\"");
        var node = await NodeApplication.StartAsync(
            NodeConfiguration.Read(new NodeRequest
            {
                ConfigFile = _zerocopy.File("node.conf"),
                StoreDirectory = _zerocopy.Store,
                Host = "127.0.0.1",
                Port = 0,
                HttpPort = 0,
                GrpcPort = 0,
            }),
            json: false,
            CancellationToken.None);
        await using (node)
        {
            const string Parent = $"00-{TraceId}-b7ad6b7169203331-01";
            await (isGrpc ? CallByGrpcAsync(new Uri(node.Grpc!), Parent) : CallAsync(new Uri(node.Http), Parent));
        }

        // What is left is sent when the node ends.
        var spans = collector.SpansOf(TraceId);
        Assert.Equal(
            new[] { request, "call traced", "compute traced", "queue traced" }.Order(StringComparer.Ordinal),
            spans.Order(StringComparer.Ordinal));

        foreach (var metric in new[] { "zerocopy.calls.duration", "zerocopy.calls.queue", "http.server.request.duration" })
        {
            Assert.True(collector.Has("MetricsService", metric), metric);
        }
    }

    [Theory]
    [InlineData("TRACES", "TraceService")]
    [InlineData("METRICS", "MetricsService")]
    public async Task Node_should_send_one_signal_where_the_environment_names_it_alone(string signal, string service)
    {
        await using var collector = await Collector.StartAsync();
        using var zerocopy = new Zerocopy();
        string[] environment =
        [
            "env", $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT={collector.Address}", $"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL=grpc",
            $"OTEL_EXPORTER_OTLP_{signal}_HEADERS=x-key=own", "OTEL_EXPORTER_OTLP_HEADERS=x-key=common",
        ];
        using var node = RunningNode.BeginBehind(environment, zerocopy, "--port", "0", "--http", "0");
        await node.ReadyAsync();
        using var client = new HttpClient();
        (await client.GetAsync(new Uri($"{node.Ready.GetProperty("http").GetString()}/v2"))).Dispose();

        node.Signal("TERM");
        (await node.EndAsync()).Succeeded();

        Assert.Equal([(service, "own")], collector.Senders);
    }

    private static async Task CallAsync(Uri node, string parent)
    {
        using var client = new HttpClient { BaseAddress = node };
        using var content = new StringContent("""
            {"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]},
            {"name":"times","shape":[],"datatype":"INT64","data":[1]}]}
            """);
        client.DefaultRequestHeaders.Add("traceparent", parent);
        using var answer = await client.PostAsync("/v2/models/traced/infer", content);
        answer.EnsureSuccessStatusCode();
    }

    private static Task<byte[]> CallByGrpcAsync(Uri node, string parent)
    {
        // As a message of the protocol: the model's name, then inputs with their name, datatype, shape and contents.
        byte[] x = [10, 1, .. "x"u8, 18, 4, .. "FP32"u8, 26, 1, 1, 42, 6, 50, 4, 0, 0, 0x80, 0x3F];
        byte[] times = [10, 5, .. "times"u8, 18, 5, .. "INT64"u8, 42, 3, 26, 1, 1];
        return RawCall.SendAsync(
            node, "/inference.GRPCInferenceService/ModelInfer",
            [10, 6, .. "traced"u8, 42, (byte)x.Length, .. x, 42, (byte)times.Length, .. times], new Metadata { { "traceparent", parent } });
    }
}
