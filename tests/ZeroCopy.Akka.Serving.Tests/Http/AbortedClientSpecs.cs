using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

/// <summary>Clients that break off are no fault of the server, and none that its log tells of.</summary>
public sealed class AbortedClientSpecs
{
    private const string Json = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly LogLines _log = new(LogLevel.Warning);

    [Theory]
    [InlineData("Content-Length: 1000", false)]
    [InlineData("Content-Length: 1000", true)]
    [InlineData("Transfer-Encoding: chunked", false)]
    [InlineData("Transfer-Encoding: chunked", true)]
    [InlineData("Content-Encoding: gzip\r\nContent-Length: 1000", false)]
    [InlineData("Content-Encoding: gzip\r\nContent-Length: 1000", true)]
    [InlineData("Inference-Header-Content-Length: 66\r\nContent-Length: 1000", false)]
    [InlineData("Inference-Header-Content-Length: 66\r\nContent-Length: 1000", true)]
    public async Task Infer_should_log_no_fault_where_its_client_breaks_off(string headers, bool isReset)
    {
        var served = await StartAsync();
        await using (served)
        {
            var body = headers.Contains("chunked", StringComparison.Ordinal) ? $"{Json.Length:x}\r\n{Json}\r\n" : Json;
            using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            {
                await client.ConnectAsync(IPAddress.Loopback, served.Client.BaseAddress!.Port).WaitAsync(Patience);
                await client.SendAsync(Encoding.ASCII.GetBytes(
                    $"POST /v2/models/model/infer HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n{body}"));
                // The server reads the body by the time when it has answered another one.
                (await served.InferAsync("model", Json)).Succeeded();
                if (isReset)
                {
                    client.LingerState = new LingerOption(true, 0);
                }
            }

            (await served.InferAsync("model", Json)).Succeeded();
            // Waits for the requests that are under way.
            await served.Application.StopAsync();
        }

        // Of a body that ends early, right as it is read, Kestrel complains itself now and then.
        var lines = _log.Lines.Where(line => !line.StartsWith("Connection processing ended abnormally", StringComparison.Ordinal));
        Assert.Equal("", string.Join('\n', lines));
    }

    private Task<ServedModels> StartAsync() => ServedModels.BuildAsync(
        builder =>
        {
            builder.Logging.AddProvider(_log);
        },
        _ => { },
        FakeEndpoint.Identity("model"));
}
