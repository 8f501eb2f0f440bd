using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>Calls of the scripts of <see cref="NodeScripts"/> by HTTP.</summary>
internal static class NodeCalls
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Waits until a node knows a model that another one was given.</summary>
    public static Task KnowsAsync(RunningNode node, string model) => AnswersAsync(node.Client, $"/v2/models/{model}");

    /// <summary>Waits until nobody knows a model any more.</summary>
    public static Task ForgottenAsync(HttpClient client, string model) =>
        AnswersAsync(client, $"/v2/models/{model}", answer => answer.StatusCode == HttpStatusCode.NotFound);

    /// <summary>Waits until a question has a good answer.</summary>
    public static Task AnswersAsync(HttpClient client, string path) => AnswersAsync(client, path, answer => answer.IsSuccessStatusCode);

    /// <summary>A request that is answered with what it counts to.</summary>
    /// <param name="times">How often it counts.</param>
    /// <param name="timeout">The time to its answer; null for none.</param>
    public static StringContent Count(long times, TimeSpan? timeout = null) => new($$"""
        {"parameters":{{{(timeout is { } limit ? $"\"timeout\":{limit.TotalMicroseconds:0}" : "")}}},
         "inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[0]},
                   {"name":"times","shape":[1],"datatype":"INT64","data":[{{times}}]}]}
        """);

    public static Task<double> CountAsync(RunningNode node, string model, long times) => CountAsync(node.Client, model, times);

    public static async Task<double> CountAsync(HttpClient client, string model, long times)
    {
        using var content = Count(times);
        using var answer = await client.PostAsync($"/v2/models/{model}/infer", content);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.IsSuccessStatusCode, json.ToString());
        return json.GetProperty("outputs")[0].GetProperty("data")[0].GetDouble();
    }

    private static async Task AnswersAsync(HttpClient client, string path, Func<HttpResponseMessage, bool> isExpected)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using var answer = await client.GetAsync(path, patience.Token);
            if (isExpected(answer))
            {
                return;
            }

            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
