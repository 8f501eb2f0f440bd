using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ZeroCopy.Node.Tests.Cli;

namespace ZeroCopy.Node.Tests.Service;

/// <summary><c>zerocopy node</c> as a process of its own, on any free ports, and a client of its HTTP.</summary>
internal sealed class RunningNode : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Process _process;

    private RunningNode(Process process)
    {
        _process = process;
        Log = new NodeLog(process.StandardError);
    }

    /// <summary>What it logs.</summary>
    public NodeLog Log { get; }

    /// <summary>Whether its process has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Where HTTP is; there is one when the node has said that it is ready.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>What the node said when it was ready.</summary>
    public JsonElement Ready { get; private set; }

    /// <summary>Where others join it or ask it, HOST:PORT.</summary>
    public string Address => Ready.GetProperty("address").GetString()!.Split('@')[1];

    /// <summary>Starts a node, and waits until it is ready.</summary>
    public static async Task<RunningNode> StartAsync(Zerocopy zerocopy, params string[] arguments)
    {
        string[] port = arguments.Contains("--port") ? [] : ["--port", "0"];
        var node = Begin(zerocopy, [.. port, "--http", "0", .. arguments]);
        try
        {
            await node.ReadyAsync();
            node.Client = new HttpClient { BaseAddress = new Uri(node.Ready.GetProperty("http").GetString()!), Timeout = Patience };
            return node;
        }
        catch
        {
            node.Dispose();
            throw;
        }
    }

    /// <summary>Starts a node that may not get ready.</summary>
    public static RunningNode Begin(Zerocopy zerocopy, params string[] arguments) => BeginBehind([], zerocopy, arguments);

    /// <summary>Starts a node by a program that runs it somewhere, given with its first arguments.</summary>
    public static RunningNode BeginBehind(IReadOnlyList<string> launcher, Zerocopy zerocopy, params string[] arguments) =>
        new(zerocopy.StartBehind(launcher, ["node", "--json", .. arguments]));

    /// <summary>Waits until a node that was begun is ready.</summary>
    public async Task ReadyAsync() => Ready = await NextAsync("ready");

    /// <summary>The next change of the node's state, which is to be the one that is named.</summary>
    public async Task<JsonElement> NextAsync(string change)
    {
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        if (line is null)
        {
            await Log.End.WaitAsync(Patience);
            throw new InvalidOperationException($"The node ended: {string.Join('\n', Log.Lines)}");
        }

        var json = JsonDocument.Parse(line).RootElement;
        Assert.Equal(change, json.GetProperty("event").GetString());
        return json;
    }

    /// <summary>Memory of the process that is its own: without files that it has mapped.</summary>
    public long ResidentBytes() => 1024L * int.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal)).Split(':')[1]
            .Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);

    /// <summary>Sends a signal.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit(Patience);
    }

    /// <summary>Waits until the process has ended by itself.</summary>
    public async Task<Run> EndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await Log.End.WaitAsync(Patience);
        return new Run(_process.ExitCode, output, string.Join('\n', Log.Lines));
    }

    public void Dispose()
    {
        Client?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit(Patience);
        }

        _process.Dispose();
    }
}
