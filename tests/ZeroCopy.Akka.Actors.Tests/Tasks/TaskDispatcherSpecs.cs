using ZeroCopy.Actors.Tests.Fakes;

namespace ZeroCopy.Actors.Tests.Tasks;

public sealed class TaskDispatcherSpecs() : ZeroCopySpec($"zerocopy.tasks.max-concurrency = {Places}")
{
    private const int Places = 40;

    [Fact]
    public async Task TaskRunner_should_leave_the_thread_pool_to_others_while_all_its_tasks_compute()
    {
        var source = new FakeSource();
        using var gate = new ManualResetEventSlim();
        using var all = new CountdownEvent(Places);
        var tasks = Enumerable.Range(0, Places).Select(_ => Zero.Tasks.RunAsync(
            source,
            (_, _) =>
            {
                all.Signal();
                return gate.Wait(Patience);
            },
            null)).ToArray();

        Assert.True(all.Wait(Patience));
        // As many threads as processors beside the tasks', without the pool's wait of half a second for each.
        ThreadPool.GetMinThreads(out var workers, out _);
        Assert.InRange(workers, Places + Environment.ProcessorCount, int.MaxValue);
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(() => { }))).WaitAsync(Patience);
        gate.Set();

        Assert.All(await Task.WhenAll(tasks).WaitAsync(Patience), answer => Assert.Equal(true, answer));
        await EventuallyAsync(() => source.Out == 0 && Zero.Tasks.Pending == 0);
    }
}
