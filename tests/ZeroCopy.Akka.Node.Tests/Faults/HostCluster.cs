using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Xunit.Abstractions;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Node.Tests.Service;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>
/// A cluster of real processes, each on a host and, unless a spec says otherwise, on a store of its own. When it ends, however a spec ends,
/// no process, namespace or file is left.
/// </summary>
internal sealed class HostCluster : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// What the cluster may take to know again who has what; more beside other specs, which have the processors meanwhile.
    /// </summary>
    private static readonly TimeSpan Recovery = Soak.IsOn ? TimeSpan.FromSeconds(30) : Patience;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Zerocopy _zerocopy = new();
    private readonly LocalZerocopy _local = new();
    private readonly List<HostNode> _nodes = [];

    private HostCluster() => Network = new TestNetwork();

    public TestNetwork Network { get; }

    public IReadOnlyList<HostNode> Nodes => _nodes;

    /// <summary>
    /// Runs a spec, with what all nodes logged behind its failure. In the folder that <c>ZEROCOPY_TEST_LOGS</c> names the logs are kept.
    /// </summary>
    public static async Task RunAsync(ITestOutputHelper output, Func<HostCluster, Task> spec, [CallerMemberName] string name = "")
    {
        Skip.If(TestNetwork.Problem is not null, TestNetwork.Problem);
        using var cluster = new HostCluster();
        try
        {
            await spec(cluster);
        }
        catch
        {
            foreach (var node in cluster._nodes)
            {
                output.WriteLine($"--- {node.Contact}\n{string.Join('\n', node.Log.TakeLast(60))}");
            }

            throw;
        }
        finally
        {
            if (Environment.GetEnvironmentVariable("ZEROCOPY_TEST_LOGS") is { Length: > 0 } folder)
            {
                folder = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
                foreach (var node in cluster._nodes)
                {
                    await System.IO.File.WriteAllLinesAsync(Path.Combine(folder, $"{node.Host.Address}.log"), node.Log);
                }
            }
        }
    }

    /// <summary>As <see cref="RunAsync"/>, where <c>ZEROCOPY_SOAK</c> is 1: for what takes longer than others want to wait.</summary>
    public static Task RunSoakAsync(ITestOutputHelper output, Func<HostCluster, Task> spec, [CallerMemberName] string name = "")
    {
        Skip.IfNot(Soak.IsOn, Soak.Reason);
        return RunAsync(output, spec, name);
    }

    public string File(string name) => _zerocopy.File(name);

    /// <summary>A node on a new host, which is not started yet. All have the first two as seeds.</summary>
    /// <param name="settings">HOCON of its own.</param>
    /// <param name="slow">The host's cable; null for a plain one.</param>
    /// <param name="arguments">Further ones of its command line.</param>
    public HostNode Add(string settings = "", SlowLink? slow = null, params string[] arguments) => Add(null, settings, slow, arguments);

    /// <summary>As the other one, on the store of a node: two processes of one host.</summary>
    public HostNode AddBeside(HostNode other) => Add(other.Store, "", null, []);

    /// <summary>Nodes on new hosts, all ready.</summary>
    public async Task<HostNode[]> StartAsync(int count, string settings = "")
    {
        var nodes = Enumerable.Range(0, count).Select(_ => Add(settings)).ToArray();
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        return nodes;
    }

    /// <summary>Runs a command outside of the hosts.</summary>
    public Task<Run> CommandAsync(params string[] arguments) => CommandBehindAsync(Network.Outside.Launcher, arguments);

    /// <summary>Runs a command outside of the hosts that has a file system of so many mebibytes in a folder, until it ends.</summary>
    public Task<Run> CommandInSmallFilesAsync(int mebibytes, string folder, params string[] arguments)
    {
        Directory.CreateDirectory(folder);
        var mount = $"mount -t tmpfs -o size={mebibytes}m tmpfs \"$0\" && exec \"$@\"";
        return CommandBehindAsync([.. Network.Outside.Launcher, "sh", "-c", mount, folder], arguments);
    }

    /// <summary>Puts a model that adds one, of a few kilobytes, into a store of the test's own.</summary>
    public async Task PutCounterAsync(string name = "counter") =>
        (await CommandAsync("put", NodeScripts.Count(File($"{name}.pt")), "--name", name)).Succeeded();

    /// <summary>Puts a model that adds its step, of so many mebibytes in blocks of one each, into a store of the test's own.</summary>
    public async Task PutLargeAsync(string name, int step, int mebibytes)
    {
        var folder = Directory.CreateDirectory(File($"{name}-{step}")).FullName;
        const int Elements = 1 << 18;
        System.IO.File.WriteAllText(
            Path.Combine(folder, "config.json"), $$"""{"model_type": "own-counter", "blocks": {{mebibytes}}, "elements": {{Elements}}}""");
        var weights = Enumerable.Range(0, mebibytes).Select(block =>
        {
            var values = new float[Elements];
            Array.Fill(values, (1000 * step) + block);
            return KeyValuePair.Create($"ballast{block}", HostTensor.From<float>(DType.Float32, values, Elements));
        });
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            [KeyValuePair.Create("step", HostTensor.From<double>(DType.Float64, [step], 1)), .. weights]);
        (await CommandAsync("put", folder, "--name", name, "--models", OwnModels.Path)).Succeeded();
    }

    /// <summary>Sends a model to nodes.</summary>
    public async Task PushAsync(string model, params HostNode[] nodes)
    {
        foreach (var node in nodes)
        {
            (await CommandAsync("push", model, "--node", node.Contact)).Succeeded();
        }
    }

    /// <summary>Puts a model that adds one straight into stores of nodes.</summary>
    public void PutCounterInto(string name, params HostNode[] nodes)
    {
        var file = NodeScripts.Count(File($"{name}.pt"));
        foreach (var node in nodes)
        {
            _local.Run("put", file, "--name", name, "--store", node.Store).Succeeded();
        }
    }

    /// <summary>Calls a model at a node, from outside or from a host, and gives what it counted.</summary>
    public async Task<double> CountAsync(HostNode node, string model, long times, TestHost? from = null)
    {
        using var client = (from ?? Network.Outside).CreateClient(node.Url, Patience);
        return await NodeCalls.CountAsync(client, model, times);
    }

    /// <summary>Nothing is left in a store of what did not come to its end.</summary>
    public void AssertNothingUnfinished(string store) => Assert.Equal(
        0, _local.Run("store", "stat", "--json", "--store", store).Succeeded().Json().GetProperty("temporaryBytes").GetInt64());

    /// <summary>A store has no model and no byte of one.</summary>
    public void AssertEmpty(string store)
    {
        var statistics = _local.Run("store", "stat", "--json", "--store", store).Succeeded().Json();
        Assert.Equal(0, Bytes("liveBytes") + Bytes("deadBytes") + Bytes("temporaryBytes"));
        Assert.Empty(_local.Run("ls", "--json", "--store", store).Succeeded().Json().EnumerateArray());

        long Bytes(string name) => statistics.GetProperty(name).GetInt64();
    }

    /// <summary>Members by address, and models, as a node sees them.</summary>
    public async Task<(Dictionary<string, string> Members, JsonElement[] Models)> StatusAsync(HostNode node)
    {
        var status = (await CommandAsync("cluster", "status", "--node", node.Contact, "--json")).Succeeded().Json();
        return (
            status.GetProperty("members").EnumerateArray().ToDictionary(
                member => member.GetProperty("address").GetString()!, member => member.GetProperty("status").GetString()!),
            [.. status.GetProperty("models").EnumerateArray()]);
    }

    /// <summary>
    /// Everything is in order again, with nothing beside it within half a minute: each node that runs answers rightly for each model, says
    /// the same as the others of the members, which are those that run, and of where the models are; and all stores are whole.
    /// </summary>
    public Task AssertSettledAsync(params string[] models) => AssertSettledAsync(Recovery, models);

    /// <summary>As the other one, within a time of the spec's own.</summary>
    public async Task AssertSettledAsync(TimeSpan recovery, params string[] models)
    {
        var there = _nodes.Where(node => node.IsThere).ToArray();
        var addresses = there.Select(node => node.Address).ToHashSet();
        using var late = new CancellationTokenSource(recovery);
        using var timer = new PeriodicTimer(Pause);
        var problem = "";
        do
        {
            problem = await ProblemAsync(there, addresses, models);
        }
        while (problem.Length > 0 && !late.IsCancellationRequested && await timer.WaitForNextTickAsync());
        Assert.True(problem.Length == 0, $"Not within {recovery}: {problem}");
        foreach (var node in _nodes)
        {
            (await CommandAsync("store", "verify", "--store", node.Store)).Succeeded();
        }
    }

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }

        Network.Dispose();
        _zerocopy.Dispose();
        _local.Dispose();
    }

    private HostNode Add(string? store, string settings, SlowLink? slow, string[] arguments)
    {
        var host = Network.AddHost(slow);
        var file = File($"node-{host.Address}.conf");
        System.IO.File.WriteAllText(file, $$"""
            zerocopy { inference.pool-defaults.size = 2, serving.drain-delay = 1s }
            {{settings}}
            """);
        var node = new HostNode(
            _zerocopy, host, Network.Outside, store ?? File($"store-{host.Address}"),
            ["--config", file, "--models", OwnModels.Path, "--seed", "10.77.0.1:4053", "--seed", "10.77.0.2:4053", .. arguments]);
        _nodes.Add(node);
        return node;
    }

    private Task<Run> CommandBehindAsync(IReadOnlyList<string> launcher, string[] arguments) => OwnThread.RunAsync(() =>
    {
        using var process = _zerocopy.StartBehind(launcher, arguments);
        return Zerocopy.Finish(process);
    });

    private async Task<string> ProblemAsync(HostNode[] there, HashSet<string> addresses, string[] models)
    {
        foreach (var node in there)
        {
            foreach (var model in models)
            {
                if (await FailureAsync(node, model) is { } failure)
                {
                    return $"{node.Contact} does not answer for {model}: {failure}";
                }
            }

            var (members, known) = await StatusAsync(node);
            if (!members.Keys.ToHashSet().SetEquals(addresses) || members.Values.Any(status => status != "Up"))
            {
                return $"{node.Contact} has the members {string.Join(", ", members)}";
            }

            foreach (var model in known)
            {
                var named = model.GetProperty("holders").EnumerateArray().Concat(model.GetProperty("replicas").EnumerateArray());
                if (named.Any(at => !addresses.Contains(at.GetString()!)))
                {
                    return $"{node.Contact} has {model}";
                }
            }
        }

        return "";
    }

    private static async Task<string?> FailureAsync(HostNode node, string model)
    {
        using var content = new StringContent("""
            {"parameters":{"timeout":2000000},
             "inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[3]},{"name":"times","shape":[1],"datatype":"INT64","data":[0]}]}
            """);
        try
        {
            using var answer = await node.Client.PostAsync($"/v2/models/{model}/infer", content);
            var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
            return answer.IsSuccessStatusCode && json.GetProperty("outputs")[0].GetProperty("data")[0].GetDouble() == 3
                ? null : string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {json}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return e.Message;
        }
    }
}
