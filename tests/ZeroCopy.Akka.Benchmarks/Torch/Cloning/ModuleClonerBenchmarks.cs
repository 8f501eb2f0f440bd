using BenchmarkDotNet.Attributes;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch.Cloning;

/// <summary>A further instance of a model: cloned and released.</summary>
[MemoryDiagnoser]
public class ModuleClonerBenchmarks
{
    private nn.Module _prototype = null!;

    [Params(Subject.Small, Subject.Bert)]
    public Subject Model { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _prototype = Model.Create();
    }

    [GlobalCleanup]
    public void Cleanup() => ModuleDisposal.Release(_prototype);

    [Benchmark(Baseline = true)]
    public void Clone() => ModuleDisposal.Release(ModuleCloner.Clone(_prototype));

    /// <summary>The yardstick: the module constructed anew, with weights of its own.</summary>
    [Benchmark]
    public void Construct() => ModuleDisposal.Release(Model.Create());
}
