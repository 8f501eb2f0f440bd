using BenchmarkDotNet.Attributes;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;

namespace ZeroCopy.Benchmarks.Actors.Batching;

/// <summary>
/// The way of one call through the micro-batcher, on the caller's thread: admitted, described, joined to a batch of that many, handed on,
/// answered and retired. <see cref="Alone"/> is the same without the batcher.
/// </summary>
[MemoryDiagnoser]
public class MicroBatcherBenchmarks
{
    private const int Rows = 32;
    private static readonly object Argument = new();
    private static readonly EmptySource Source = new();
    private readonly CallLedger _ledger = new("a benchmark", int.MaxValue, "zerocopy", TimeProvider.System);
    private readonly Action<InferenceCall> _alone;
    private readonly Action<InferenceCall> _joined;
    private MicroBatcher _batcher = null!;
    private int _answered;

    public MicroBatcherBenchmarks()
    {
        _alone = Answer;
        _joined = call => _batcher.Add(call, _batcher.Describe(call.Argument, hashKey: null)!.Value);
    }

    [GlobalSetup]
    public void Setup() => _batcher = new MicroBatcher(
        new() { Adaptive = false, MaxRows = Rows, MaxDelay = TimeSpan.FromHours(1) },
        new EmptyCodec(),
        new JoinedKinds(verify: false),
        static () => 1,
        TimeProvider.System,
        Answer);

    [GlobalCleanup]
    public void Cleanup() => _batcher.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Rows)]
    public int Alone() => CallAll(_alone);

    [Benchmark(OperationsPerInvoke = Rows)]
    public int Joined() => CallAll(_joined);

    private int CallAll(Action<InferenceCall> send)
    {
        for (var i = 0; i < Rows; i++)
        {
            var call = new InferenceCall(_ledger, Source, Argument, default);
            _ = _ledger.Submit(call, send, static (call, send) => send(call));
        }

        return _answered;
    }

    private void Answer(object work)
    {
        if (work is InferenceCall single)
        {
            Answer(single);
            return;
        }

        foreach (var call in ((CallBatch)work).Calls)
        {
            Answer(call);
        }
    }

    private void Answer(InferenceCall call)
    {
        call.TryRun();
        call.Complete(call.Argument);
        call.Retire();
        _answered++;
    }
}
