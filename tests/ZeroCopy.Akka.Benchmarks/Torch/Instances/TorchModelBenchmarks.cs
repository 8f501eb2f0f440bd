using BenchmarkDotNet.Attributes;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Benchmarks.Torch.Instances;

/// <summary>A warm instance rented and returned, and a call on it against the same call on the module itself.</summary>
[MemoryDiagnoser]
public class TorchModelBenchmarks
{
    private StoredModel _stored = null!;
    private TorchModel<nn.Module> _model = null!;
    private nn.Module<Tensor, Tensor> _module = null!;
    private Tensor _row = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _stored = await StoredModel.PutAsync(Subject.Small);
        _model = _stored.Open();
        (await _model.RentAsync()).Dispose();
        _module = (nn.Module<Tensor, Tensor>)_model.Materialise();
        _row = randn(1, 128);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _row.Dispose();
        ModuleDisposal.Release(_module);
        _stored.Dispose();
    }

    [Benchmark]
    public bool Lease()
    {
        var warm = _model.TryRent(out var instance);
        instance?.Dispose();
        return warm;
    }

    [Benchmark]
    public long LeaseAndRun()
    {
        if (!_model.TryRent(out var instance))
        {
            throw new InvalidOperationException("The instance was not returned.");
        }

        using (instance)
        {
            using var answer = (Tensor)instance.Run(
                static (target, row) => ((nn.Module<Tensor, Tensor>)target).forward((Tensor)row!), _row)!;
            return answer.shape[0];
        }
    }

    /// <summary>The yardstick: the forward as a careful user writes it.</summary>
    [Benchmark(Baseline = true)]
    public long Forward()
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        return _module.forward(_row).shape[0];
    }
}
