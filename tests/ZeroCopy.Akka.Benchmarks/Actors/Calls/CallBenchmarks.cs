using Akka.Actor;
using BenchmarkDotNet.Attributes;
using ZeroCopy.Actors;
using ZeroCopy.Actors.Inference;

namespace ZeroCopy.Benchmarks.Actors.Calls;

/// <summary>
/// What a call costs over the model's own work: the model here does nothing. One caller waits for each answer, except where there are many;
/// then the figure is of one call among them.
/// </summary>
[MemoryDiagnoser]
public class CallBenchmarks
{
    private const int Callers = 32;
    private static readonly object Argument = new();
    private readonly EmptySource _source = new();
    private readonly Task<object?>[] _answers = new Task<object?>[Callers];
    private ActorSystem _system = null!;
    private ZeroCopySystem _zero = null!;
    private InferencePool _pool = null!;
    private InferencePool _batching = null!;
    private IActorRef _echo = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _system = ActorSystem.Create("benchmarks");
        _zero = ZeroCopySystem.For(_system);
        _pool = await _zero.CreatePoolAsync(
            "empty", _source, static (_, argument) => argument, configure: s => s with { Size = 1, Batching = null });
        _batching = await _zero.CreatePoolAsync(
            "batching", _source, static (_, argument) => argument, new EmptyCodec(),
            s => s with
            {
                Size = 1,
                Batching = new() { Adaptive = false, MaxRows = Callers, MaxDelay = TimeSpan.FromSeconds(1), Verify = false },
            });
        await _pool.WhenReadyAsync();
        await _batching.WhenReadyAsync();
        _echo = _system.ActorOf(Props.Create<Echo>());
    }

    [GlobalCleanup]
    public Task CleanupAsync() => _system.Terminate();

    /// <summary>The yardstick: Akka's own question and answer.</summary>
    [Benchmark(Baseline = true)]
    public Task<object> Ask() => _echo.Ask<object>(Argument, Timeout.InfiniteTimeSpan);

    [Benchmark]
    public Task<object?> Pool() => _pool.CallAsync(Argument);

    [Benchmark]
    public Task<object?> PoolWithDeadline() => _pool.CallAsync(Argument, WithDeadline);

    [Benchmark]
    public Task<object?> OneShotActor() => _zero.Tasks.RunAsync(_source, static (_, argument) => argument, Argument);

    [Benchmark(OperationsPerInvoke = Callers)]
    public Task<object?[]> PoolOfManyCallers() => CallAsync(_pool);

    [Benchmark(OperationsPerInvoke = Callers)]
    public Task<object?[]> BatchingPoolOfManyCallers() => CallAsync(_batching);

    [Benchmark(OperationsPerInvoke = Callers)]
    public Task<object?[]> OneShotActorsOfManyCallers()
    {
        for (var i = 0; i < Callers; i++)
        {
            _answers[i] = _zero.Tasks.RunAsync(_source, static (_, argument) => argument, Argument);
        }

        return Task.WhenAll(_answers);
    }

    private static CallOptions WithDeadline { get; } = new() { Deadline = TimeSpan.FromMinutes(1) };

    private Task<object?[]> CallAsync(InferencePool pool)
    {
        for (var i = 0; i < Callers; i++)
        {
            _answers[i] = pool.CallAsync(Argument);
        }

        return Task.WhenAll(_answers);
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
