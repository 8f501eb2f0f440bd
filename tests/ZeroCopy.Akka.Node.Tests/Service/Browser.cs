using Microsoft.Playwright;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>The Chromium of this machine, without a window, and everything that a page complains of in it.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>What pages said on their consoles, and the exceptions that nobody caught.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Starts it; the test is skipped where there is none.</summary>
    public static async Task<Browser> StartAsync()
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(_ => Programs, Path.Combine).FirstOrDefault(File.Exists);
        Skip.If(program is null, "There is no Chromium on the path.");
        Assertions.SetDefaultExpectTimeout(60_000);
        var playwright = await Playwright.CreateAsync();
        return new Browser(
            playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox"] }));
    }

    /// <summary>Opens a page.</summary>
    public async Task<IPage> OpenAsync(string address, int width = 1280, bool isDark = false)
    {
        var context = await _browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            IgnoreHTTPSErrors = true,
        });
        context.SetDefaultTimeout(60_000);
        var page = await context.NewPageAsync();
        page.Console += (_, message) => Complaints.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => Complaints.Add(error);
        await page.GotoAsync(address);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
