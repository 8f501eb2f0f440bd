using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Node.Tests.Service;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>A node on a host of its own, with a store of its own, which may be started again when it has ended.</summary>
internal sealed class HostNode : IDisposable
{
    private const int Http = 8080;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Zerocopy _zerocopy;
    private readonly string[] _arguments;
    private readonly List<RunningNode> _runs = [];

    public HostNode(Zerocopy zerocopy, TestHost host, TestHost outside, string store, IEnumerable<string> arguments)
    {
        (_zerocopy, Host, Store) = (zerocopy, host, store);
        _arguments =
        [
            "--host", host.Address, "--port", "4053", "--http", $"{Http}", "--store", store, .. arguments,
        ];
        Url = new Uri($"http://{host.Address}:{Http}");
        Client = outside.CreateClient(Url, CallStream.Hang);
    }

    public TestHost Host { get; }

    /// <summary>The store's directory.</summary>
    public string Store { get; }

    /// <summary>HOST:PORT of its remoting.</summary>
    public string Contact => $"{Host.Address}:4053";

    /// <summary>As the cluster calls it.</summary>
    public string Address => $"akka.tcp://zerocopy@{Contact}";

    public Uri Url { get; }

    /// <summary>Calls it from outside its host.</summary>
    public HttpClient Client { get; }

    /// <summary>What runs, or ran last.</summary>
    public RunningNode Process => _runs[^1];

    /// <summary>Whether its process runs, or is stopped.</summary>
    public bool IsThere => _runs.Count > 0 && !Process.HasEnded;

    /// <summary>The logs of all its processes.</summary>
    public IEnumerable<string> Log => _runs.SelectMany(run => run.Log.Lines);

    /// <summary>Starts it, and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        Begin();
        await Process.ReadyAsync();
    }

    /// <summary>Starts it.</summary>
    public void Begin() => _runs.Add(RunningNode.BeginBehind(Host.Launcher, _zerocopy, _arguments));

    /// <summary>Ends it as nothing expects.</summary>
    public async Task KillAsync()
    {
        Process.Signal("KILL");
        await Process.EndAsync();
    }

    /// <summary>Has it end in order.</summary>
    public async Task StopAsync()
    {
        Process.Signal("TERM");
        Assert.Equal(0, (await Process.EndAsync()).ExitCode);
    }

    /// <summary>Waits until it has ended by itself, because the others removed it, and says so.</summary>
    public async Task RemovedAsync()
    {
        var end = await Process.EndAsync().WaitAsync(Patience);
        Assert.Equal(1, end.ExitCode);
        Assert.Contains("lost sight of this node", end.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Client.Dispose();
        foreach (var run in _runs)
        {
            run.Dispose();
        }
    }
}
