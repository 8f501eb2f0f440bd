using System.Text;
using System.Text.Json;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class RepositorySpecs
{
    private const string Ready = """{"name":"a","version":"1","state":"READY","reason":""}""";
    private const string Loading = """{"name":"b","version":"1","state":"LOADING","reason":""}""";
    private const string Failed = """{"name":"c","version":"1","state":"UNAVAILABLE","reason":"no such operator"}""";

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"ready":false,"more":{}}""")]
    public async Task Index_should_list_every_model_with_its_state(string body)
    {
        await using var served = await StartAsync();

        Assert.Equal($"[{Ready},{Loading},{Failed}]", JsonSerializer.Serialize((await IndexAsync(served, body)).Succeeded().Json));
    }

    [Fact]
    public async Task Index_should_list_ready_models_alone_when_it_is_asked_to()
    {
        await using var served = await StartAsync();

        Assert.Equal($"[{Ready}]", JsonSerializer.Serialize((await IndexAsync(served, """{"ready":true}""")).Succeeded().Json));
    }

    [Theory]
    [InlineData("[]", "must be an object")]
    [InlineData("{", "cannot be read as JSON")]
    [InlineData("{} x", "cannot be read as JSON")]
    [InlineData("""{"ready":1}""", "ready is 1 but must be true or false")]
    [InlineData("""{"ready":true,"ready":true}""", "ready stands twice")]
    public async Task Index_should_refuse_a_body_that_is_wrong(string body, string words)
    {
        await using var served = await StartAsync();

        (await IndexAsync(served, body)).Failed(400, words);
    }

    private static Task<ServedModels> StartAsync() => ServedModels.StartAsync(
        FakeEndpoint.Identity("a"), Model("b", EndpointState.Loading, null), Model("c", EndpointState.Failed, "no such operator"));

    private static FakeEndpoint Model(string name, EndpointState state, string? error) =>
        new(name, _ => new ModelAnswer([])) { State = state, LastError = error };

    private static Task<Answer> IndexAsync(ServedModels served, string body) =>
        served.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v2/repository/index")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        });
}
