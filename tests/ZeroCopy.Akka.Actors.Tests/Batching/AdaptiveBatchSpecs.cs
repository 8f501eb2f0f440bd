using System.Collections.Concurrent;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Batching;

/// <summary>Batches that grow with the load: the clock stands still in all of these, so no delay ever ends.</summary>
public sealed class AdaptiveBatchSpecs() : ZeroCopySpec("""
    zerocopy.batching { max-rows = 4, max-delay = 10s, verify = off }
    zerocopy.inference.pools.joined { size = 1, batching.enabled = on }
    """)
{
    private readonly FakeSource _source = new();
    private readonly FakeCodec _codec = new();
    private readonly ConcurrentQueue<int[]> _runs = new();
    private readonly SemaphoreSlim _running = new(0);
    private readonly SemaphoreSlim _goOn = new(0);

    [Fact]
    public async Task Adaptive_batches_should_not_keep_a_lone_request()
    {
        var pool = await PoolAsync();
        _goOn.Release(2);

        await pool.CallAsync(new FakeTensor(1)).WaitAsync(Patience);
        await pool.CallAsync(new FakeTensor(2)).WaitAsync(Patience);

        Assert.Equal([[1], [2]], _runs);
        await pool.DrainAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Adaptive_batches_should_not_keep_a_lone_request_that_came_while_the_pool_loaded()
    {
        var load = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var pool = await Zero.CreatePoolAsync("joined", new FakeSource { Warm = false, OnLoad = _ => load.Task }, Tenfold, _codec);
        var answer = pool.CallAsync(new FakeTensor(1));
        Assert.Equal(0, pool.ReadyActors);
        _goOn.Release();

        load.SetResult();

        await answer.WaitAsync(Patience);
        await pool.DrainAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Adaptive_batches_should_join_what_comes_while_the_actor_computes()
    {
        var pool = await PoolAsync();
        var first = pool.CallAsync(new FakeTensor(1));
        await _running.WaitAsync(Patience);
        var others = new[] { pool.CallAsync(new FakeTensor(2)), pool.CallAsync(new FakeTensor(3)), pool.CallAsync(new FakeTensor(4)) };

        _goOn.Release(2);
        await Task.WhenAll([first, .. others]).WaitAsync(Patience);

        Assert.Equal([[1], [2, 3, 4]], _runs);
        await pool.DrainAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Adaptive_batches_should_go_on_after_one_that_failed()
    {
        var pool = await PoolAsync();
        var bad = pool.CallAsync(new FakeTensor(-1));
        await _running.WaitAsync(Patience);
        var good = pool.CallAsync(new FakeTensor(2));

        _goOn.Release(2);

        await FailsAsync(InferenceFailure.ModelError, bad);
        await good.WaitAsync(Patience);
        await pool.DrainAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Adaptive_batches_should_go_on_after_a_crash()
    {
        var pool = await PoolAsync();
        _source.OnRelease = _ =>
        {
            _source.OnRelease = _ => { };
            throw new InvalidOperationException("outside of the call");
        };
        var crashed = pool.CallAsync(new FakeTensor(1), new CallOptions { Ownership = ArgumentOwnership.Give });
        await _running.WaitAsync(Patience);
        var others = new[] { pool.CallAsync(new FakeTensor(2)), pool.CallAsync(new FakeTensor(3)) };

        _goOn.Release(3);

        await Task.WhenAll(others).WaitAsync(Patience);
        Assert.Equal([[1], [2, 3]], _runs);
        await Task.WhenAny(crashed).WaitAsync(Patience);
        await pool.DrainAsync().WaitAsync(Patience);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _running.Dispose();
        _goOn.Dispose();
    }

    private async Task<InferencePool> PoolAsync()
    {
        var pool = await Zero.CreatePoolAsync("joined", _source, Tenfold, _codec);
        await pool.WhenReadyAsync().WaitAsync(Patience);
        return pool;
    }

    private object? Tenfold(object target, object? argument)
    {
        _running.Release();
        Assert.True(_goOn.Wait(Patience));
        var rows = ((FakeTensor)argument!).Rows;
        _runs.Enqueue(rows);
        return rows.Contains(-1) ? throw new FormatException("negative") : new FakeTensor([.. rows.Select(row => row * 10)]);
    }
}
