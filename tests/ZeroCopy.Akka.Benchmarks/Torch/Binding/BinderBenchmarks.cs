using BenchmarkDotNet.Attributes;
using ZeroCopy.Store;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch.Binding;

/// <summary>The first instance of a model: its module built without weights and bound to the store's blocks.</summary>
[MemoryDiagnoser]
public class BinderBenchmarks
{
    private StoredModel _model = null!;
    private ModelLease _lease = null!;
    private LeaseViews _views = null!;
    private nn.Module _module = null!;

    [Params(Subject.Small, Subject.Bert)]
    public Subject Model { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _model = await StoredModel.PutAsync(Model);
        _lease = _model.Acquire();
        _views = new LeaseViews(_lease);
        _module = Model.Create();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        ModuleDisposal.Release(_module);
        _lease.Dispose();
        _model.Dispose();
    }

    /// <summary>A module that is there already: its tensors become views once more.</summary>
    [Benchmark(Baseline = true)]
    public void Bind() => Binder.Bind(_module, _lease.Manifest.Tensors, _views);

    [Benchmark]
    public void BuildAndBind() =>
        ModuleDisposal.Release(ModuleBuilder.Build(_lease.Manifest.Tensors, _views, build => Model.Create(build.Device)));
}
