using System.Collections.Concurrent;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>Pools that share one compute thread: an actor that has run a call waits for all others that have one.</summary>
public sealed class FairShareSpecs() : PoolSpec("""
    zerocopy.inference.dispatcher.fork-join-executor { parallelism-min = 1, parallelism-factor = 0.01, parallelism-max = 1 }
    """)
{
    private const int Flood = 200;
    private readonly ConcurrentQueue<string> _runs = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    public async Task Pools_should_take_turns_by_their_actors_when_one_is_flooded(int size, int flooded)
    {
        using var gate = new ManualResetEventSlim();
        var (quiet, loud) = (await PoolAsync(Run("quiet"), size, name: "quiet"), await PoolAsync(Run("loud"), flooded, name: "loud"));
        await Task.WhenAll(quiet.WhenReadyAsync(), loud.WhenReadyAsync()).WaitAsync(Patience);
        await EventuallyAsync(() => (quiet.ReadyActors, loud.ReadyActors) == (size, flooded));
        var holder = await PoolAsync(Held, name: "holder");
        // The one thread computes outside of .NET, as a model does, until every call is in its mailbox.
        var held = holder.CallAsync(null);
        await Entered.WaitAsync(Patience);

        var calls = Enumerable.Range(0, Flood).Select(_ => loud.CallAsync(null)).ToList();
        calls.AddRange(Enumerable.Range(0, 10 * size).Select(_ => quiet.CallAsync(null)));
        Volatile.Write(ref _isHeld, false);
        await Task.WhenAll([held, .. calls]).WaitAsync(Patience);

        // Between two turns of the quiet pool's actors each actor of the other one has a turn.
        var last = _runs.ToList().FindLastIndex(run => run == "quiet");
        Assert.InRange(last, 0, 11 * (size + flooded));
        // All have their instances from one source: none is out when all have ended.
        await Task.WhenAll(quiet.DrainAsync(), loud.DrainAsync(), holder.DrainAsync()).WaitAsync(Patience);
        await EndAsync(quiet);
        await EndAsync(loud);
        await EndAsync(holder);
    }

    private bool _isHeld = true;

    private object? Held(object target, object? argument)
    {
        Entered.Release();
        while (Volatile.Read(ref _isHeld))
        {
            Thread.SpinWait(1000);
        }

        return null;
    }

    private ModelFunction Run(string pool) => (_, _) =>
    {
        _runs.Enqueue(pool);
        return null;
    };
}
