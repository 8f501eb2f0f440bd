using ZeroCopy.Node.Service;
using ZeroCopy.Node.Tests.Cli;

namespace ZeroCopy.Node.Tests.Service;

public sealed class NodeTelemetrySpecs : IDisposable
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public async Task Node_should_send_the_metrics_and_the_callers_trace_to_the_collector()
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
            }),
            json: false,
            CancellationToken.None);
        await using (node)
        {
            using var client = new HttpClient { BaseAddress = new Uri(node.Http) };
            using var content = new StringContent("""
                {"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]},
                {"name":"times","shape":[],"datatype":"INT64","data":[1]}]}
                """);
            client.DefaultRequestHeaders.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
            using var answer = await client.PostAsync("/v2/models/traced/infer", content);
            answer.EnsureSuccessStatusCode();
        }

        // What is left is sent when the node ends.
        const string Traces = "TraceService";
        Assert.True(collector.Has(Traces, Convert.FromHexString(TraceId)));
        foreach (var span in new[] { "POST /v2/models/{name}/infer", "call traced", "queue traced", "compute traced" })
        {
            Assert.True(collector.Has(Traces, span), span);
        }

        foreach (var metric in new[] { "zerocopy.calls.duration", "zerocopy.calls.queue", "http.server.request.duration" })
        {
            Assert.True(collector.Has("MetricsService", metric), metric);
        }
    }
}
