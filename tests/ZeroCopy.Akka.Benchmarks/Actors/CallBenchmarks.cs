using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using BenchmarkDotNet.Attributes;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Runtime;

namespace ZeroCopy.Benchmarks.Actors;

/// <summary>What a call costs over the model's own work: the model here does nothing.</summary>
[MemoryDiagnoser]
public class CallBenchmarks
{
    private readonly EmptySource _source = new();
    private ActorSystem _system = null!;
    private ZeroCopySystem _zero = null!;
    private InferencePool _pool = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _system = ActorSystem.Create("benchmarks");
        _zero = ZeroCopySystem.For(_system);
        _pool = await _zero.CreatePoolAsync("empty", _source, static (_, argument) => argument, configure: s => s with { Size = 1 });
        await _pool.WhenReadyAsync();
    }

    [GlobalCleanup]
    public Task CleanupAsync() => _system.Terminate();

    [Benchmark]
    public Task<object?> Pool() => _pool.CallAsync(null);

    [Benchmark]
    public Task<object?> OneShotActor() => _zero.Tasks.RunAsync(_source, static (_, argument) => argument, null);

    private sealed class EmptySource : IInstanceSource, IModelInstance
    {
        public string Name => "empty";

        public object Target => this;

        public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
        {
            instance = this;
            return true;
        }

        public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) => new(this);

        public object? Run(ModelFunction function, object? argument) => function(this, argument);

        public void Dispose()
        {
        }
    }
}
