using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>Where those who called go on.</summary>
public sealed class CallerThreadSpecs : PoolSpec
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task InferencePool_should_let_callers_go_on_on_the_thread_pool(bool fails)
    {
        var pool = await PoolAsync(Function(fails));
        Assert.True(await WhereAsync(() => pool.CallAsync(null)).WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TaskRunner_should_let_callers_go_on_on_the_thread_pool(bool fails)
    {
        Assert.True(await WhereAsync(() => Zero.Tasks.RunAsync(Source, Function(fails), null)).WaitAsync(Patience));
        await EventuallyAsync(() => Source.Out == 0 && Zero.Tasks.Pending == 0);
    }

    [Fact]
    public async Task InferencePool_should_compute_elsewhere()
    {
        var pool = await PoolAsync((_, _) => Thread.CurrentThread.IsThreadPoolThread);
        Assert.Equal(false, await pool.CallAsync(null).WaitAsync(Patience));
        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_hand_an_answer_over_before_the_next_call_is_computed()
    {
        using var step = new SemaphoreSlim(0);
        var pool = await PoolAsync((_, argument) => step.Wait(Patience) ? argument : throw new TimeoutException());
        var calls = Enumerable.Range(0, 6).Select(i => pool.CallAsync(i)).ToArray();
        // The next call is held inside the model meanwhile.
        foreach (var call in calls)
        {
            step.Release();
            await call.WaitAsync(Patience);
        }

        await EndAsync(pool);
    }

    [Fact]
    public async Task InferencePool_should_serve_others_while_callers_do_not_let_go_of_their_threads()
    {
        var pool = await PoolAsync(Blocked);
        await BlockAndServeAsync(pool);
        await EndAsync(pool);
    }

    private ModelFunction Function(bool fails) => fails
        ? (target, argument) => throw new InvalidOperationException($"{Blocked(target, argument)}")
        : Blocked;

    /// <summary>Whether the code behind a call runs on a thread of the .NET pool.</summary>
    private async Task<bool> WhereAsync(Func<Task<object?>> call)
    {
        var where = call().ContinueWith(
            static _ => Thread.CurrentThread.IsThreadPoolThread,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        Gate.Set();
        return await where;
    }
}
