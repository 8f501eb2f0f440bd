using System.Net;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Service;
using ZeroCopy.Node.Tests.Cli;

namespace ZeroCopy.Node.Tests.Service;

public sealed class NodeApplicationSpecs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public async Task Node_should_live_at_once_and_be_ready_when_its_models_are_loaded()
    {
        await using var node = await StartAsync(new ModelName("counter"));
        using var client = new HttpClient { BaseAddress = new Uri(node.Http) };
        var warm = node.WarmAsync(CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health/live"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("/health/ready"));
        Assert.False(warm.IsCompleted);

        _zerocopy.Run("put", NodeScripts.Count(_zerocopy.File("counter.pt")), "--name", "counter").Succeeded();

        await warm.WaitAsync(Patience);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health/ready"));

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var answer = await client.GetAsync(path);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Node_should_take_the_blame_for_what_a_models_own_code_raises()
    {
        _zerocopy.Run("put", NodeScripts.Raise(_zerocopy.File("raise.pt")), "--name", "raise").Succeeded();
        await using var node = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(node.Http) };

        using var content = new StringContent("""{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""");
        using var answer = await client.PostAsync("/v2/models/raise/infer", content);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("boom", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<NodeApplication> StartAsync(params ModelName[] serve) => NodeApplication.StartAsync(
        NodeConfiguration.Read(new NodeRequest
        {
            StoreDirectory = _zerocopy.Store,
            Host = "127.0.0.1",
            Port = 0,
            HttpPort = 0,
            Serve = [.. serve],
        }),
        json: false,
        CancellationToken.None);
}
