using System.Text.Json;
using Google.Protobuf;
using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Serving.Tests.Conformance;

/// <summary>Clients that share no code with the server: Python's grpcio on the protocol's file, and curl.</summary>
public sealed class ForeignClientSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public async Task Python_should_call_models_over_grpc()
    {
        var python = await ForeignTool.FindAsync(["python3", "/usr/bin/python3"], "-c", "import grpc, google.protobuf");
        Skip.If(python is null, "There is no Python with grpcio here: apt-get install python3-grpcio.");
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity(), new FakeEndpoint("endless", async call =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, call.CancellationToken);
            return new ModelAnswer([]);
        }));
        var descriptor = _directory.File("inference.descriptor");
        await File.WriteAllBytesAsync(descriptor, OpenInferenceReflection.Descriptor.ToProto().ToByteArray());

        var run = await ForeignTool.RunAsync(
            python!, Path.Combine(AppContext.BaseDirectory, "Conformance", "client.py"), new Uri(served.RpcAddress).Authority, descriptor);

        Assert.True(run.ExitCode == 0, run.Error);
        var got = JsonDocument.Parse(run.Output).RootElement;
        Equal("true", "live");
        Equal("""["identity", ["1"], "pytorch"]""", "metadata");
        Equal("""["output", "FP32", [2], [1.5, -2.0]]""", "raw");
        Equal("""["output", "FP32", [2], [1.5, -2.0]]""", "typed");
        Equal("8", "gzip");
        Equal("""[["raw", ""], ["unknown", "There is no model 'nobody' here."], ["typed", ""]]""", "stream");
        Equal("""["NOT_FOUND", "There is no model 'nobody' here."]""", "unknown");
        Assert.Equal("INVALID_ARGUMENT", got.GetProperty("wrong")[0].GetString());
        Equal("""["DEADLINE_EXCEEDED"]""", "deadline");

        void Equal(string expected, string name) => Assert.Equal(expected, got.GetProperty(name).GetRawText());
    }

    [SkippableFact]
    public async Task Curl_should_call_models_over_rest()
    {
        var curl = await ForeignTool.FindAsync(["curl"], "--version");
        Skip.If(curl is null, "There is no curl here.");
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());
        var address = served.Client.BaseAddress!;

        Assert.Equal("""{"live":true}""", await CurlAsync(new Uri(address, "/v2/health/live").ToString()));
        Assert.Equal(
            """{"id":"7","model_name":"identity","model_version":"1","""
            + """ "outputs":[{"name":"output","datatype":"INT8","shape":[2],"data":[1,-2]}]}""".TrimStart(),
            await CurlAsync(
                "--data", """{"id":"7","inputs":[{"name":"x","shape":[2],"datatype":"INT8","data":[1,-2]}]}""",
                new Uri(address, "/v2/models/identity/infer").ToString()));
        Assert.Equal(
            """{"error":"There is no model 'nobody' here."}""",
            await CurlAsync("--data", "{}", new Uri(address, "/v2/models/nobody/infer").ToString()));

        async Task<string> CurlAsync(params string[] arguments)
        {
            var run = await ForeignTool.RunAsync(curl!, ["--silent", "--show-error", "--noproxy", "*", .. arguments]);
            Assert.True(run.ExitCode == 0, run.Error);
            return run.Output;
        }
    }
}
