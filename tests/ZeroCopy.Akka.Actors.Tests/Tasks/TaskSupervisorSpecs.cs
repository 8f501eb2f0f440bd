using ZeroCopy.Actors.Tests.Fakes;

namespace ZeroCopy.Actors.Tests.Tasks;

public sealed class TaskSupervisorSpecs() : ZeroCopySpec("zerocopy.tasks.max-concurrency = 8")
{
    [Fact]
    public async Task TaskSupervisor_should_run_each_task_once_when_many_start_together()
    {
        var source = new FakeSource();
        var runs = 0;
        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Zero.Tasks.RunAsync(source, Twice, i))).WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, 400).Select(i => (object?)(2 * i)), answers);
        Assert.Equal(400, runs);
        await EventuallyAsync(() => source.Out == 0 && Zero.Tasks.Pending == 0);

        object? Twice(object target, object? argument)
        {
            Interlocked.Increment(ref runs);
            return 2 * (int)argument!;
        }
    }
}
