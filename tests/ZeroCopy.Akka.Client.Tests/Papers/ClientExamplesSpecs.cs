using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Client.Http;
using ZeroCopy.Client.Tests.Fakes;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Client.Tests.Papers;

public sealed class ClientExamplesSpecs
{
    [Fact]
    public void Documents_should_show_the_examples_word_for_word()
    {
        var document = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "clients.md"));

        var examples = Documents.Examples("tests", "ZeroCopy.Akka.Client.Tests", "Papers", "ClientExamples.cs");

        Assert.Equal(7, examples.Count);
        Assert.All(examples, example => Assert.Contains(example, document, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Examples_should_call_a_model()
    {
        await using var server = await EchoServer.StartAsync("detector", version: 2);

        float[] expected = [0.5f, 1.5f, 2.5f, 3.5f];
        Assert.Equal(expected, await ClientExamples.CallAsync(server.Address));
        Assert.Equal("what", await ClientExamples.CallPreciselyAsync(server.Client, "what"));
        Assert.Equal("what", await ClientExamples.CallEndpointAsync(server.Client, "what"));
        Assert.Equal(["a", "b"], await ClientExamples.StreamAsync(server.RpcAddress, ["a", "b"]));
        Assert.Equal(expected, await ClientExamples.ShareAsync(server.Client, expected));
        Assert.Equal("detector", await ClientExamples.FailAsync(server.Client, new InferRequest("detector")));
    }

    [Theory]
    [InlineData(503, "later, in 00:00:03: Not so.")]
    [InlineData(400, "the input is wrong: Not so.")]
    public async Task Example_should_tell_failures_apart(int status, string said)
    {
        await using var server = await ScriptedServer.StartAsync(
            status, "application/json", """{"error":"Not so."}""", ("Retry-After", "3"));

        Assert.Equal(said, await ClientExamples.FailAsync(server.Client, new InferRequest("m")));
    }

    [Fact]
    public void Example_should_add_a_client_to_an_application()
    {
        var services = new ServiceCollection();

        ClientExamples.Add(services, "secret");

        Assert.IsType<InferenceHttpClient>(services.BuildServiceProvider().GetRequiredService<IInferenceClient>());
    }
}
