using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using ZeroCopy.Node.Service;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Serving.Access;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

public sealed class SecureNodeSpecs : IDisposable
{
    private const string Key = "1c0ffee5-secret";
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("certificate = \"DIR/one.pem\", key = \"DIR/key.pem\"")]
    [InlineData("certificate = \"DIR/both.pem\"")]
    [InlineData("certificate = \"DIR/one.pem\", key = \"DIR/locked.pem\", password = \"open\"")]
    [InlineData("certificate = \"DIR/one.pfx\", password = \"open\"")]
    public async Task Node_should_be_served_over_tls_and_open_to_its_keys(string tls)
    {
        WriteCertificates();
        await using var node = await StartAsync($$"""
            zerocopy.serving {
              tls { {{tls.Replace("DIR", _directory.Path, StringComparison.Ordinal)}} }
              api-keys { ci = "{{ApiKey.HashOf(Key)}}" }
              access-log = on
            }
            """);
        Assert.StartsWith("https://", node.Http, StringComparison.Ordinal);
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate!.Subject == "CN=zerocopy-spec",
        };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(node.Http) };

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health/live"));
        foreach (var path in new[] { "/", "/metrics", "/v2" })
        {
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, await StatusAsync(path)));
        }

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        foreach (var path in new[] { "/", "/metrics", "/v2" })
        {
            Assert.Equal((path, HttpStatusCode.OK), (path, await StatusAsync(path)));
        }

        using var deleted = await client.DeleteAsync("/metrics");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, deleted.StatusCode);
        using var index = await client.PostAsync("/v2/repository/index", null);
        Assert.Equal(HttpStatusCode.Forbidden, index.StatusCode);

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var answer = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("on")]
    [InlineData("off")]
    public async Task Node_should_answer_calls_of_grpc_whether_they_are_logged_or_not(string accessLog)
    {
        await using var node = await StartAsync($"zerocopy.serving {{ access-log = {accessLog}, grpc-port = 0 }}");
        var server = new Uri(node.Grpc!);

        // ready = true, the first field of its message.
        Assert.Equal([8, 1], await RawCall.SendAsync(server, "/inference.GRPCInferenceService/ServerLive", []));
        var metadata = await RawCall.SendAsync(server, "/inference.GRPCInferenceService/ServerMetadata", []);
        Assert.Contains("zerocopy", Encoding.UTF8.GetString(metadata), StringComparison.OrdinalIgnoreCase);
        var missing = await Assert.ThrowsAsync<RpcException>(
            () => RawCall.SendAsync(server, "/inference.GRPCInferenceService/ModelMetadata", [10, 4, .. "none"u8]));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
    }

    [Theory]
    [InlineData("on")]
    [InlineData("off")]
    public async Task Node_should_answer_calls_in_json_whether_they_are_logged_or_not(string accessLog)
    {
        using var zerocopy = new LocalZerocopy();
        zerocopy.Run("put", NodeScripts.Count(zerocopy.File("traced.pt")), "--name", "traced").Succeeded();
        await using var node = await StartAsync($"zerocopy.serving.access-log = {accessLog}", zerocopy.Store);
        using var client = new HttpClient { BaseAddress = new Uri(node.Http) };
        using var body = new StringContent("""
            {"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]},{"name":"times","shape":[],"datatype":"INT64","data":[1]}]}
            """);

        using var answer = await client.PostAsync("/v2/models/traced/infer", body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"data\":[2]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_should_log_who_asked_for_what_and_nothing_that_is_secret()
    {
        File.WriteAllText(_directory.File("log.conf"), $$"""
            zerocopy.serving { access-log = on, api-keys { ci = "{{ApiKey.HashOf(Key)}}" } }
            """);
        using var zerocopy = new Zerocopy();
        using var node = await RunningNode.StartAsync(zerocopy, "--config", _directory.File("log.conf"));
        node.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        node.Client.DefaultRequestHeaders.Add("X-Own", "header-secret");
        using var body = new StringContent("""{"inputs":"body-secret"}""");

        using var answer = await node.Client.PostAsync("/v2/models/none/infer?of=query-secret", body);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var line = await node.Log.SaysAsync("/v2/models/none/infer", TimeSpan.FromMinutes(2));
        Assert.All(["POST", "404", "ci", "Duration"], word => Assert.Contains(word, line, StringComparison.Ordinal));
        Assert.DoesNotContain(node.Log.Lines, logged => logged.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Node_should_have_neither_page_nor_metrics_where_they_are_off()
    {
        await using var node = await StartAsync("zerocopy.telemetry.metrics = off");
        using var client = new HttpClient { BaseAddress = new Uri(node.Http) };
        foreach (var path in new[] { "/", "/metrics", "/status/events" })
        {
            using var answer = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("tls.certificate = \"DIR/none.pem\"", "the certificate cannot be read (zerocopy.serving.tls)")]
    [InlineData("tls.certificate = \"DIR/one.pem\"", "one.pem' holds no private key: name its file with zerocopy.serving.tls.key")]
    [InlineData(
        "tls { certificate = \"DIR/one.pem\", key = \"DIR/locked.pem\" }",
        "the private key in 'DIR/locked.pem' is encrypted: set zerocopy.serving.tls.password")]
    [InlineData("tls { certificate = \"DIR/one.pfx\", password = \"wrong\" }", "the certificate cannot be read (zerocopy.serving.tls)")]
    [InlineData("tls.key = \"DIR/key.pem\"", "zerocopy.serving.tls.certificate is '' but must be a file")]
    [InlineData("api-keys.ci = hunter2", "zerocopy.serving.api-keys.ci is '***' but must be the SHA-256 of a key")]
    [InlineData("managers = [\"ci\"]", "zerocopy.serving.managers is 'ci' but must be names of zerocopy.serving.api-keys")]
    public void Node_should_refuse_what_cannot_secure_it_in_one_line_without_a_secret(string setting, string words)
    {
        WriteCertificates();
        var file = _directory.File("node.conf");
        File.WriteAllText(file, $"zerocopy.serving {{\n{setting.Replace("DIR", _directory.Path, StringComparison.Ordinal)}\n}}");

        var problem = Assert.Single(Assert.Throws<NodeStartException>(() => Read(file)).Problems);

        Assert.Contains(words.Replace("DIR", _directory.Path, StringComparison.Ordinal), problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
    }

    private Task<NodeApplication> StartAsync(string settings, string? store = null)
    {
        var file = _directory.File("node.conf");
        File.WriteAllText(file, settings);
        return NodeApplication.StartAsync(Read(file, store), json: false, CancellationToken.None);
    }

    private NodeConfiguration Read(string file, string? store = null) => NodeConfiguration.Read(new NodeRequest
    {
        ConfigFile = file,
        StoreDirectory = store ?? _directory.File("store"),
        Host = "127.0.0.1",
        Port = 0,
        HttpPort = 0,
    });

    private void WriteCertificates()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=zerocopy-spec", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(79));
        var keys = key.ExportPkcs8PrivateKeyPem();
        File.WriteAllText(_directory.File("one.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(_directory.File("key.pem"), keys);
        File.WriteAllText(_directory.File("both.pem"), $"{certificate.ExportCertificatePem()}\n{keys}");
        File.WriteAllText(
            _directory.File("locked.pem"),
            key.ExportEncryptedPkcs8PrivateKeyPem(
                "open", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        File.WriteAllBytes(_directory.File("one.pfx"), certificate.Export(X509ContentType.Pfx, "open"));
    }
}
