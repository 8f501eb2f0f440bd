using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ZeroCopy.Node.Service;
using ZeroCopy.Node.Tests.Cli;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>The page of a node in a real browser.</summary>
public sealed class StatusPageSpecs : IDisposable
{
    private const int Calls = 7;
    private const int Refused = 2;
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [SkippableFact]
    public async Task Page_should_show_what_the_metrics_and_the_calls_say_and_nobody_should_complain()
    {
        await using var browser = await Browser.StartAsync();
        using var node = await StartAsync();
        await CallAsync(node);
        var metrics = await ScrapedMetrics.ReadAsync(node.Client);

        var page = await browser.OpenAsync(node.Client.BaseAddress!.ToString());

        var model = page.Locator("[data-model=counter]");
        await ShowsAsync(model, "calls", Calls);
        await ShowsAsync(model, "failed", Refused);
        Assert.Equal(Calls, metrics.Sum("zerocopy_calls_duration_seconds_count", "model=\"counter\""));
        Assert.Equal(Refused, metrics.Sum("zerocopy_calls_failed_total", "model=\"counter\"", "error_type=\"InvalidInput\""));
        await ShowsAsync(model, "p50", metrics.Quantile(0.5, "zerocopy_calls_duration_seconds", "model=\"counter\""));
        await ShowsAsync(model, "p99", metrics.Quantile(0.99, "zerocopy_calls_duration_seconds", "model=\"counter\""));
        await Assertions.Expect(page.Locator("[data-id=queue99]")).ToHaveAttributeAsync(
            "data-value", Text(metrics.Quantile(0.99, "zerocopy_calls_queue_seconds", "model=\"counter\"")));
        await ShowsAsync(model, "pending", 0);
        await ShowsAsync(model, "actors", metrics.Sum("zerocopy_actors", "model=\"counter\"", "state=\"ready\""));
        await ShowsAsync(model, "weights", metrics.Sum("zerocopy_store_model_size_bytes", "model=\"counter\""));
        foreach (var state in new[] { "live", "free" })
        {
            await Assertions.Expect(page.Locator($"[data-state={(state == "live" ? "models" : state)}]")).ToHaveAttributeAsync(
                "data-value", metrics.Sum("zerocopy_store_usage_bytes", $"state=\"{state}\"").ToString(CultureInfo.InvariantCulture));
        }

        Assert.Equal(1, metrics.Sum("zerocopy_cluster_nodes", "state=\"up\""));
        Assert.InRange(metrics.Sum("zerocopy_store_blocks"), 1, 100);
        await Assertions.Expect(page.Locator("[data-id=nodes]")).ToContainTextAsync(node.Ready.GetProperty("address").GetString()!);
        await Assertions.Expect(model).ToContainTextAsync("ready");
        Assert.Empty(browser.Complaints);
    }

    [SkippableFact]
    public async Task Page_should_show_how_often_a_model_is_called_and_how_many_rows_its_batches_have()
    {
        await using var browser = await Browser.StartAsync();
        _zerocopy.RunInside("put", NodeScripts.Invert(_zerocopy.File("invert.pt")), "--name", "invert").Succeeded();
        File.WriteAllText(_zerocopy.File("node.conf"), "zerocopy.inference.pool-defaults.batching.enabled = on");
        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "invert", "--config", _zerocopy.File("node.conf"));
        var page = await browser.OpenAsync(node.Client.BaseAddress!.ToString());
        var model = page.Locator("[data-model=invert]");
        var rates = (ILocator[])[page.Locator("[data-id=callRate]"), model.Locator("[data-figure=callRate]")];
        foreach (var rate in rates)
        {
            await Assertions.Expect(rate).ToHaveAttributeAsync("data-value", "0");
        }

        foreach (var values in (string[])["1,2,3", "4,5,6", "7"])
        {
            Assert.Equal(HttpStatusCode.OK, await PostAsync(
                node, "invert",
                $$$"""{"inputs":[{"name":"x","shape":[{{{values.Split(',').Length}}}],"datatype":"INT64","data":[{{{values}}}]}]}"""));
        }

        foreach (var rate in rates)
        {
            await Assertions.Expect(rate).ToHaveAttributeAsync("data-value", new Regex("[1-9]"));
        }

        await ShowsAsync(model, "batch", 7.0 / 3);
        var metrics = await ScrapedMetrics.ReadAsync(node.Client);
        Assert.Equal((7, 3), (metrics.Sum("zerocopy_batches_rows_sum"), metrics.Sum("zerocopy_batches_rows_count")));
        Assert.Empty(browser.Complaints);
    }

    [SkippableFact]
    public async Task Page_should_show_the_weights_of_a_pool_that_is_not_called_as_its_model()
    {
        await using var browser = await Browser.StartAsync();
        _zerocopy.RunInside("put", NodeScripts.Count(_zerocopy.File("counter.pt")), "--name", "counter").Succeeded();
        File.WriteAllText(
            _zerocopy.File("node.conf"), "zerocopy.inference.pools.classifier { model = \"counter@1\", size = 4 }");
        using var node = await RunningNode.StartAsync(_zerocopy, "--config", _zerocopy.File("node.conf"));

        var page = await browser.OpenAsync(node.Client.BaseAddress!.ToString());

        var pool = page.Locator("[data-model=classifier]");
        await ShowsAsync(pool, "actors", 4);
        var metrics = await ScrapedMetrics.ReadAsync(node.Client);
        var bytes = metrics.Sum("zerocopy_store_model_size_bytes", "model=\"counter\"");
        Assert.InRange(bytes, 1, double.MaxValue);
        await ShowsAsync(pool, "weights", bytes);
        Assert.Equal(3 * bytes, metrics.Sum("zerocopy_store_copies_bytes"));
        await Assertions.Expect(page.Locator("[data-id=unshared]")).ToHaveAttributeAsync(
            "data-value", (metrics.Sum("zerocopy_store_unshared_bytes") + (3 * bytes)).ToString(CultureInfo.InvariantCulture));
        await Assertions.Expect(page.Locator("[data-id=blocks]")).ToContainTextAsync("counter@1");
        Assert.Empty(browser.Complaints);
    }

    [SkippableFact]
    public async Task Page_should_call_a_model_and_count_it()
    {
        await using var browser = await Browser.StartAsync();
        using var node = await StartAsync();
        var page = await browser.OpenAsync(node.Client.BaseAddress!.ToString());
        var model = page.Locator("[data-model=counter]");
        await ShowsAsync(model, "calls", 0);

        await model.Locator(".row").ClickAsync();
        await page.GetByLabel("Shape of x").FillAsync("[2]");
        await page.GetByLabel("Values of x").FillAsync("[1, 2]");
        await page.GetByLabel("Values of times").FillAsync("[3]");
        await page.GetByRole(AriaRole.Button, new() { Name = "Call", Exact = true }).ClickAsync();

        await Assertions.Expect(model.Locator("pre")).ToHaveTextAsync("output FP32 [2]\n[4, 5]");
        await ShowsAsync(model, "calls", 1);

        await page.GetByLabel("Values of times").FillAsync("[\"no\"]");
        await page.GetByRole(AriaRole.Button, new() { Name = "Call", Exact = true }).ClickAsync();
        await Assertions.Expect(model.Locator("pre.bad")).ToContainTextAsync("inputs[1].data has a string");
        // The browser tells its console of every answer that is an error.
        Assert.All(browser.Complaints, complaint => Assert.Contains("400", complaint, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Page_should_call_a_model_of_integers()
    {
        await using var browser = await Browser.StartAsync();
        _zerocopy.RunInside("put", NodeScripts.Invert(_zerocopy.File("invert.pt")), "--name", "invert").Succeeded();
        using var node = await RunningNode.StartAsync(_zerocopy, "--serve", "invert");
        var page = await browser.OpenAsync(node.Client.BaseAddress!.ToString());
        var model = page.Locator("[data-model=invert]");

        await model.Locator(".row").ClickAsync();
        await page.GetByLabel("Shape of x").FillAsync("[2]");
        await page.GetByLabel("Values of x").FillAsync("[1, 2]");
        await Assertions.Expect(page.GetByLabel("Datatype of x")).ToHaveValueAsync("FP32", new() { Timeout = 10_000 });
        await page.GetByLabel("Datatype of x").SelectOptionAsync("INT64");
        await page.GetByRole(AriaRole.Button, new() { Name = "Call", Exact = true }).ClickAsync();

        await Assertions.Expect(model.Locator("pre")).ToHaveTextAsync("output INT64 [2]\n[-2, -3]");
        Assert.Empty(browser.Complaints);
    }

    [SkippableFact]
    public async Task Page_should_need_no_scrolling_to_the_side_and_follow_the_colours_of_the_system()
    {
        await using var browser = await Browser.StartAsync();
        using var node = await StartAsync();
        foreach (var (width, isDark) in new[] { (400, false), (400, true), (800, false), (1280, true) })
        {
            var page = await browser.OpenAsync(node.Client.BaseAddress!.ToString(), width, isDark);
            await page.Locator("[data-model=counter] .row").ClickAsync();
            await page.GetByLabel("Values of x").WaitForAsync();

            var scrolled = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            var back = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
            Assert.Equal((width, isDark), (scrolled, back is "rgb(15, 18, 22)"));
        }

        Assert.Empty(browser.Complaints);
    }

    [SkippableFact]
    public async Task Page_should_show_why_a_model_fails_and_speak_to_no_other_host()
    {
        await using var browser = await Browser.StartAsync();
        File.WriteAllText(_zerocopy.File("node.conf"), "zerocopy.inference.pools.wrong.model = \"no-such-model@7\"");
        await using var node = await NodeApplication.StartAsync(
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

        var page = await browser.OpenAsync(node.Http);

        await Assertions.Expect(page.Locator("[data-model=wrong]")).ToContainTextAsync("no-such-model@7");
        await Assertions.Expect(page.Locator("[data-model=wrong] .state")).ToHaveTextAsync("failed");
        await page.EvaluateAsync("fetch('http://127.0.0.1:9/').catch(() => {})");
        Assert.Contains(browser.Complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    private static Task ShowsAsync(ILocator model, string figure, double value) =>
        Assertions.Expect(model.Locator($"[data-figure={figure}]")).ToHaveAttributeAsync(
            "data-value", Text(value));

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private Task<RunningNode> StartAsync()
    {
        _zerocopy.RunInside("put", NodeScripts.Count(_zerocopy.File("counter.pt")), "--name", "counter").Succeeded();
        return RunningNode.StartAsync(_zerocopy, "--serve", "counter");
    }

    private static async Task CallAsync(RunningNode node)
    {
        for (var call = 0; call < Calls; call++)
        {
            Assert.Equal(HttpStatusCode.OK, await PostAsync(
                node,
                "counter",
                """
                {"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1,2]},
                {"name":"times","shape":[],"datatype":"INT64","data":[3]}]}
                """));
        }

        for (var call = 0; call < Refused; call++)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(node, "counter", """{"inputs":[]}"""));
        }
    }

    private static async Task<HttpStatusCode> PostAsync(RunningNode node, string model, string body)
    {
        using var content = new StringContent(body);
        using var answer = await node.Client.PostAsync($"/v2/models/{model}/infer", content);
        return answer.StatusCode;
    }
}
