using System.Collections.Concurrent;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Batching;

public sealed class MicroBatcherSpecs() : ZeroCopySpec("""
    zerocopy.batching { adaptive = off, max-rows = 4, max-delay = 10s, deadline-margin = 1s, verify = off }
    zerocopy.inference.pools.joined { size = 1, batching.enabled = on }
    """)
{
    private readonly FakeSource _source = new();
    private readonly FakeCodec _codec = new();
    private readonly ConcurrentQueue<int[]> _runs = new();

    [Fact]
    public async Task MicroBatcher_should_send_a_full_batch_at_once()
    {
        var pool = await PoolAsync();
        var calls = Enumerable.Range(0, 4).Select(i => pool.CallAsync(new FakeTensor(i))).ToArray();
        var answers = await Task.WhenAll(calls).WaitAsync(Patience);
        Assert.Equal([0, 10, 20, 30], answers.SelectMany(answer => ((FakeTensor)answer!).Rows));
        Assert.Equal([0, 1, 2, 3], Assert.Single(_runs));
        Assert.All(_codec.Joined, joined => Assert.Equal(1, joined.Released));
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_send_what_it_has_when_the_delay_is_over()
    {
        var pool = await PoolAsync();
        var calls = new[] { pool.CallAsync(new FakeTensor(1)), pool.CallAsync(new FakeTensor(2)) };
        Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Empty(_runs);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(calls).WaitAsync(Patience);
        Assert.Equal([1, 2], Assert.Single(_runs));
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_send_before_the_earliest_deadline()
    {
        var pool = await PoolAsync();
        var relaxed = pool.CallAsync(new FakeTensor(1));
        var urgent = pool.CallAsync(new FakeTensor(2), new CallOptions { Deadline = TimeSpan.FromSeconds(3) });
        Clock.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(relaxed, urgent).WaitAsync(Patience);
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_leave_out_a_request_that_was_cancelled()
    {
        var pool = await PoolAsync();
        using var cancellation = new CancellationTokenSource();
        var argument = new FakeTensor(1);
        var gone = pool.CallAsync(argument, new CallOptions { Ownership = ArgumentOwnership.Give }, cancellation.Token);
        var wanted = new[] { pool.CallAsync(new FakeTensor(2)), pool.CallAsync(new FakeTensor(3)) };
        await cancellation.CancelAsync();
        await IsCancelledAsync(gone, cancellation.Token);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await Task.WhenAll(wanted).WaitAsync(Patience);
        Assert.Equal([2, 3], Assert.Single(_runs));
        Assert.Equal(1, argument.Released);
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_fail_a_bad_request_alone()
    {
        var pool = await PoolAsync();
        var good = new[] { pool.CallAsync(new FakeTensor(1)), pool.CallAsync(new FakeTensor(2)) };
        var bad = pool.CallAsync(new FakeTensor(-1));
        var last = pool.CallAsync(new FakeTensor(3));
        await FailsAsync(InferenceFailure.ModelError, bad);
        await Task.WhenAll([.. good, last]).WaitAsync(Patience);
        Assert.Equal(5, _runs.Count);
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_answer_a_cancelled_call_only_when_its_kept_argument_is_joined()
    {
        using var joining = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        _codec.OnJoin = () =>
        {
            joining.Release();
            Assert.True(goOn.Wait(Patience));
        };
        var pool = await PoolAsync();
        using var cancellation = new CancellationTokenSource();
        var gone = pool.CallAsync(new FakeTensor(1, 2), cancellationToken: cancellation.Token);
        var wanted = pool.CallAsync(new FakeTensor(3, 4));
        await joining.WaitAsync(Patience);
        await cancellation.CancelAsync();
        Assert.False(gone.IsCompleted);
        goOn.Set();
        await IsCancelledAsync(gone, cancellation.Token);
        await wanted.WaitAsync(Patience);
        await EndAsync(pool);
        Assert.Equal(1, Assert.Single(_codec.Parts, part => part.Rows is [10, 20]).Released);
    }

    [Fact]
    public async Task MicroBatcher_should_run_requests_alone_when_joining_them_fails()
    {
        _codec.OnJoin = () => throw new InvalidOperationException("no memory for the joined request");
        var pool = await PoolAsync();
        var calls = Enumerable.Range(0, 4).Select(i => pool.CallAsync(new FakeTensor(i))).ToArray();
        await Task.WhenAll(calls).WaitAsync(Patience);
        Assert.Equal([[0], [1], [2], [3]], _runs);
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_send_on_alone_what_it_cannot_look_at()
    {
        _codec.OnDescribe = () => throw new ObjectDisposedException("tensor");
        var pool = await PoolAsync();
        var answer = (FakeTensor)(await pool.CallAsync(new FakeTensor(1)).WaitAsync(Patience))!;
        Assert.Equal([10], answer.Rows);
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_not_take_a_request_whose_deadline_has_passed()
    {
        var pool = await PoolAsync();
        await FailsAsync(
            InferenceFailure.DeadlineExceeded, pool.CallAsync(new FakeTensor(1), new CallOptions { Deadline = TimeSpan.Zero }));
        var others = Enumerable.Range(2, 4).Select(i => pool.CallAsync(new FakeTensor(i))).ToArray();
        await Task.WhenAll(others).WaitAsync(Patience);
        Assert.Equal([2, 3, 4, 5], Assert.Single(_runs));
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_not_split_a_request_that_does_not_fit()
    {
        var pool = await PoolAsync();
        var first = pool.CallAsync(new FakeTensor(1, 2, 3));
        var second = pool.CallAsync(new FakeTensor(4, 5));
        await first.WaitAsync(Patience);
        Assert.Equal([1, 2, 3], Assert.Single(_runs));
        Clock.Advance(TimeSpan.FromSeconds(10));
        await second.WaitAsync(Patience);
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_send_at_once_what_cannot_be_joined()
    {
        var pool = await PoolAsync();
        Assert.Equal("alone", await pool.CallAsync("alone").WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task MicroBatcher_should_need_a_codec() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Zero.CreatePoolAsync("joined", _source, (_, argument) => argument));

    private object? Tenfold(object target, object? argument)
    {
        if (argument is not FakeTensor tensor)
        {
            return argument;
        }

        _runs.Enqueue(tensor.Rows);
        return tensor.Rows.Contains(-1) ? throw new FormatException("negative") : new FakeTensor([.. tensor.Rows.Select(row => row * 10)]);
    }

    private Task<InferencePool> PoolAsync() => Zero.CreatePoolAsync("joined", _source, Tenfold, _codec);

    private async Task EndAsync(InferencePool pool)
    {
        await pool.DrainAsync().WaitAsync(Patience);
        Assert.Equal(0, _source.Out);
        Assert.Equal(0, pool.Pending);
    }
}
