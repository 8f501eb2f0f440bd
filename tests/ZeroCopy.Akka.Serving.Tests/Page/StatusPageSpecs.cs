using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Endpoints;
using ZeroCopy.Nodes;
using ZeroCopy.Serving.Settings;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Page;

public sealed class StatusPageSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Page_should_come_from_the_assembly_alone_and_be_small()
    {
        await using var served = await StartAsync();
        var bytes = 0;
        foreach (var path in new[] { "/", "/status/page.css", "/status/page.js", "/status/icon.svg" })
        {
            using var answer = await served.Client.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var text = await answer.Content.ReadAsStringAsync();
            bytes += text.Length;
            Assert.DoesNotContain(
                "http://", text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.StartsWith("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        }

        Assert.InRange(bytes, 1, 100_000);
    }

    [Fact]
    public async Task Page_should_not_be_sent_again_to_who_has_it()
    {
        await using var served = await StartAsync();
        using var first = await served.Client.GetAsync("/status/page.js");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/status/page.js");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var again = await served.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Status_should_tell_models_nodes_and_the_last_error()
    {
        await using var served = await StartAsync(
            services => services.AddSingleton<INodeList>(new TwoNodes()),
            FakeEndpoint.Identity("good"),
            new FakeEndpoint("bad", _ => new ModelAnswer([])) { Version = 3, State = EndpointState.Failed, LastError = "No <room>." });
        using var reader = await ReadAsync(served);

        var status = await NextAsync(reader);

        Assert.Equal(
            [("good", "1", "idle", null), ("bad", "3", "failed", "No <room>.")],
            status.GetProperty("models").EnumerateArray()
                .Select(model => (Text(model, "name"), Text(model, "version"), Text(model, "state"), Text(model, "error"))));
        Assert.Equal(
            [("a", "up", true), ("b", "unreachable", false)],
            status.GetProperty("nodes").EnumerateArray()
                .Select(node => (Text(node, "address"), Text(node, "state"), node.GetProperty("self").GetBoolean())));
        Assert.Equal(JsonValueKind.Null, status.GetProperty("store").ValueKind);
        Assert.InRange(status.GetProperty("process").GetProperty("bytes").GetInt64(), 1, long.MaxValue);
    }

    [Theory]
    [InlineData(2, "elsewhere")]
    [InlineData(0, "idle")]
    public async Task Status_should_tell_where_else_a_model_is_served(int actors, string state)
    {
        await using var served = await StartAsync(new ReplicatedEndpoint("far", new EndpointReplica("b", actors)));
        using var reader = await ReadAsync(served);

        var model = (await NextAsync(reader)).GetProperty("models")[0];

        Assert.Equal(state, Text(model, "state"));
        var replica = Assert.Single(model.GetProperty("replicas").EnumerateArray());
        Assert.Equal(("b", actors), (Text(replica, "node"), replica.GetProperty("ready").GetInt32()));
    }

    [Fact]
    public async Task Status_should_tell_what_was_unloaded()
    {
        await using var served = await StartAsync(new LoadableEndpoint("bert"));
        (await served.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v2/repository/models/bert/unload"))).Succeeded();
        using var reader = await ReadAsync(served);

        var model = (await NextAsync(reader)).GetProperty("models")[0];

        Assert.Equal(("unloaded", null), (Text(model, "state"), Text(model, "error")));
    }

    [Fact]
    public async Task Status_should_refuse_more_readers_than_it_takes_and_take_others_when_they_leave()
    {
        await using var served = await StartAsync(services => services.Configure<ServingOptions>(options => options.MaxStatusReaders = 1));
        var first = await ReadAsync(served);
        await NextAsync(first);

        (await served.GetAsync("/status/events")).Failed(503, "readers");

        first.Dispose();
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            deadline.Token.ThrowIfCancellationRequested();
            using var answer = await served.Client.GetAsync("/status/events", HttpCompletionOption.ResponseHeadersRead);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                break;
            }
        }
    }

    [Fact]
    public async Task Status_should_end_with_the_server()
    {
        var served = await StartAsync();
        using var reader = await ReadAsync(served);
        await NextAsync(reader);

        await served.Application.StopAsync().WaitAsync(Patience);

        while (await reader.ReadLineAsync().WaitAsync(Patience) is not null)
        {
            // What was sent before the end.
        }

        await served.DisposeAsync();
    }

    [Fact]
    public async Task Page_should_take_no_other_method()
    {
        await using var served = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/status/events");

        (await served.SendAsync(request)).Failed(405, "GET");
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/status/events", "text/event-stream")]
    public async Task Probes_should_get_the_head_of_the_page(string path, string type)
    {
        await using var served = await StartAsync();

        using var answer = await served.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path)).WaitAsync(Patience);

        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static Task<ServedModels> StartAsync(params IModelEndpoint[] endpoints) => StartAsync(_ => { }, endpoints);

    private static Task<ServedModels> StartAsync(Action<IServiceCollection> configure, params IModelEndpoint[] endpoints) =>
        ServedModels.StartWithAsync(
            services =>
            {
                services.AddZeroCopyStatus();
                configure(services);
            },
            application => application.MapZeroCopyStatus(),
            endpoints);

    private static async Task<StreamReader> ReadAsync(ServedModels served)
    {
        var answer = await served.Client.GetAsync("/status/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return new StreamReader(await answer.Content.ReadAsStreamAsync());
    }

    private static async Task<JsonElement> NextAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonDocument.Parse(line["data: ".Length..]).RootElement;
            }
        }

        throw new InvalidOperationException("The stream has ended.");
    }

    private sealed class TwoNodes : INodeList
    {
        public ImmutableArray<NodeStatus> GetNodes() => [new("a", NodeStatus.Up) { IsSelf = true }, new("b", "unreachable")];
    }
}
