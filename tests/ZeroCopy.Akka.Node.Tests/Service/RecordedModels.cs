using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>A node with the models that recorded requests call; nothing where there are no such requests.</summary>
public class RecordedModels : IAsyncLifetime
{
    private readonly Zerocopy _zerocopy = new();
    private readonly List<RunningNode> _nodes = [];

    /// <summary>Where the HTTP is of the node that is asked.</summary>
    public Uri Server => _nodes[^1].Client.BaseAddress!;

    /// <summary>Where its gRPC is.</summary>
    public Uri Grpc => new(_nodes[^1].Ready.GetProperty("grpc").GetString()!);

    public async Task InitializeAsync()
    {
        if (RepositoryRoot.SharedRequests is not { } folder)
        {
            return;
        }

        var models = Directory.GetFiles(Path.Combine(folder, "models"), "*.pt");
        foreach (var model in models)
        {
            _zerocopy.RunInside("put", model, "--name", Path.GetFileNameWithoutExtension(model)).Succeeded();
        }

        File.WriteAllText(_zerocopy.File("node.conf"), "zerocopy.serving.shared-memory = on");
        await StartAsync();
        await StartOthersAsync();
        foreach (var model in models)
        {
            await NodeCalls.KnowsAsync(_nodes[^1], Path.GetFileNameWithoutExtension(model));
        }
    }

    public Task DisposeAsync()
    {
        _nodes.ForEach(node => node.Dispose());
        _zerocopy.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Starts further nodes, the last of which is asked.</summary>
    protected virtual Task StartOthersAsync() => Task.CompletedTask;

    /// <summary>Starts a node of a cluster of its own.</summary>
    protected async Task StartAsync(params string[] arguments) => _nodes.Add(
        await RunningNode.StartAsync(_zerocopy, ["--grpc", "0", "--config", _zerocopy.File("node.conf"), .. arguments]));

    /// <summary>Starts a node with an empty store in the cluster of the others.</summary>
    protected Task JoinAsync(string store) => StartAsync("--store", _zerocopy.File(store), "--seed", _nodes[0].Address);
}
