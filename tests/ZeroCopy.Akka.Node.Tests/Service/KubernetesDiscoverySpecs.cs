using Akka.Actor;
using Akka.Configuration;
using Akka.Discovery;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ZeroCopy.Node.Service;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>Discovery by the API of Kubernetes, and by an answer of it.</summary>
public sealed class KubernetesDiscoverySpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const string Pods = """
        {
          "kind": "PodList", "apiVersion": "v1", "metadata": { "resourceVersion": "7" },
          "items": [
            { "metadata": { "name": "zerocopy-0" }, "status": { "phase": "Running", "podIP": "10.1.0.5" } },
            { "metadata": { "name": "zerocopy-1" }, "status": { "phase": "Pending", "podIP": "10.1.0.6" } },
            { "metadata": { "name": "zerocopy-2" }, "status": { "phase": "Pending" } },
            { "metadata": { "name": "zerocopy-3" }, "status": { "phase": "Failed", "podIP": "10.1.0.7" } },
            {
              "metadata": { "name": "zerocopy-4", "deletionTimestamp": "2026-01-01T00:00:00Z" },
              "status": { "phase": "Running", "podIP": "10.1.0.8" }
            }
          ]
        }
        """;

    [Theory]
    [InlineData("", "own")]
    [InlineData("pod-namespace = models", "models")]
    public async Task Lookup_should_find_the_pods_that_can_be_joined(string settings, string expected)
    {
        var asked = new TaskCompletionSource<(string Path, string? Selector, string Token)>();
        await using var api = await StartAsync(request =>
        {
            asked.SetResult((request.Path, request.Query["labelSelector"], request.Headers.Authorization.ToString()));
            return Results.Text(Pods, "application/json");
        });

        var found = await Discovery(api, settings).Lookup(new Lookup("nodes"), Patience);

        Assert.Equal(($"/api/v1/namespaces/{expected}/pods", "app=nodes", "Bearer secret"), await asked.Task);
        Assert.Equal(["10.1.0.5", "10.1.0.6"], found.Addresses.Select(target => target.Host).Order(StringComparer.Ordinal));
        Assert.All(found.Addresses, target => Assert.Null(target.Port));
    }

    [Fact]
    public async Task Lookup_should_fail_where_the_account_must_not_list_pods()
    {
        await using var api = await StartAsync(_ => Results.StatusCode(StatusCodes.Status403Forbidden));

        var error = await Assert.ThrowsAnyAsync<Exception>(() => Discovery(api, "").Lookup(new Lookup("nodes"), Patience));

        Assert.Contains("Forbidden", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lookup_should_say_that_the_api_does_not_answer()
    {
        using var ended = new CancellationTokenSource();
        await using var api = await StartAsync(async _ =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Results.NoContent();
        });

        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => Discovery(api, "").Lookup(new Lookup("nodes"), TimeSpan.FromMilliseconds(200)));

        Assert.Contains($"{api.Urls.Single()} has not answered within 0.2 s", error.Message, StringComparison.Ordinal);
        await ended.CancelAsync();
    }

    [Fact]
    public async Task Method_should_be_there_by_its_name_in_the_settings_of_a_node()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("node.conf");
        await File.WriteAllTextAsync(file, "zerocopy.cluster.discovery.method = kubernetes-api");
        var configuration = NodeConfiguration.Read(new NodeRequest
        {
            ConfigFile = file,
            StoreDirectory = directory.File("store"),
            Host = "127.0.0.1",
            Port = 0,
            HttpPort = 0,
        });
        using var system = ActorSystem.Create("pods", configuration.Config);

        var discovery = Akka.Discovery.Discovery.Get(system).LoadServiceDiscovery(configuration.Settings.Cluster.Discovery.Method);

        Assert.IsType<KubernetesDiscovery>(discovery);
        await system.Terminate();
    }

    private static KubernetesDiscovery Discovery(WebApplication api, string settings) => new(
        ConfigurationFactory.ParseString(settings).WithFallback(
            KubernetesDiscovery.Reference.GetConfig("akka.discovery.kubernetes-api")),
        () => new KubernetesClientConfiguration { Host = api.Urls.Single(), AccessToken = "secret", Namespace = "own" });

    private static Task<WebApplication> StartAsync(Func<HttpRequest, IResult> answer) =>
        StartAsync(request => Task.FromResult(answer(request)));

    private static async Task<WebApplication> StartAsync(Func<HttpRequest, Task<IResult>> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var api = builder.Build();
        api.Urls.Add("http://127.0.0.1:0");
        api.Run(async context => await (await answer(context.Request)).ExecuteAsync(context));
        await api.StartAsync();
        return api;
    }
}
