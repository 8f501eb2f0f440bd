using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

/// <summary>A host with a store of the test's own.</summary>
public abstract class HostSpec : IAsyncLifetime
{
    /// <summary>How long a test waits for something that must happen; only a failing test ever waits that long.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();

    protected HostSpec() => Host = Open();

    protected ZeroCopyHost Host { get; }

    protected Tensor Input { get; } = linspace(-1, 1, 24).reshape(3, 8);

    protected ObjectStoreOptions StoreOptions => new() { Directory = _directory.File("store") };

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        Input.Dispose();
        _directory.Dispose();
    }

    /// <summary>Opens the host; and a further one on the same store, which its opener disposes.</summary>
    protected virtual ZeroCopyHost Open() => ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = StoreOptions });

    protected static Module<Tensor, Tensor> Mlp()
    {
        Module<Tensor, Tensor> model = Sequential(("in", Linear(8, 8)), ("act", ReLU()), ("out", Linear(8, 8)));
        model.eval();
        return model;
    }

    /// <summary>
    /// Whether shapes are the same, and elements within a millionth: a pool's models compute with other numbers of threads than a direct
    /// call, by which a sum may be divided in another way.
    /// </summary>
    protected static bool Same(Tensor left, Tensor right) =>
        left.shape.SequenceEqual(right.shape) && left.allclose(right, rtol: 1e-6, atol: 1e-6);

    protected Tensor Call(Module<Tensor, Tensor> model)
    {
        using var frozen = no_grad();
        return model.call(Input);
    }

    /// <summary>
    /// Native tensors of this process, without those that only wait for their finalizer. To be compared with
    /// <see cref="Tensor.TotalCount"/>: a second collection would hide what was not disposed.
    /// </summary>
    protected static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
