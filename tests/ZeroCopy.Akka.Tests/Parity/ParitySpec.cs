using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>A store of one test's own, a host on it, and other processes on it.</summary>
public abstract class ParitySpec : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<IAsyncDisposable> _hosts = [];
    private readonly List<ChildProcess> _children = [];

    protected ParitySpec() => Host = Open();

    protected ZeroCopyHost Host { get; }

    /// <summary>The store's directory.</summary>
    protected string Store => _directory.File("store");

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _children.ForEach(child => child.Dispose());
        await CloseHostsAsync();
        _directory.Dispose();
    }

    protected static Tensor Answer(nn.IModule<Tensor, Tensor> model, Tensor input)
    {
        using var frozen = no_grad();
        return model.call(input);
    }

    protected static void AssertSameAnswer(ModelCase model, nn.IModule<Tensor, Tensor> expected, nn.IModule<Tensor, Tensor> actual)
    {
        using var left = model.Answer(expected);
        using var right = model.Answer(actual);
        Elements.AssertSame(left, right);
    }

    protected string File(string name) => _directory.File(name);

    /// <summary>Another host object on the same store, which knows as little of the first one's models as another process.</summary>
    protected ZeroCopyHost Open(ZeroCopyHostOptions? options = null)
    {
        var host = ZeroCopyHost.Open((options ?? new ZeroCopyHostOptions()) with { Store = new ObjectStoreOptions { Directory = Store } });
        _hosts.Add(host);
        return host;
    }

    /// <summary>Closes the hosts of this process: it holds no model any more.</summary>
    protected async Task CloseHostsAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        _hosts.Clear();
    }

    /// <summary>Another process on the same store.</summary>
    protected async Task<ChildProcess> StartAsync(params string[] further)
    {
        var child = await ChildProcess.StartAsync("ZeroCopy.Akka.ModelProcess", [Store, .. further]);
        _children.Add(child);
        return child;
    }

    /// <summary>Where the store's segments are mapped in this process.</summary>
    protected MappedFiles MappedFiles() => Parity.MappedFiles.Below(Path.Combine(Store, "segments"));
}
