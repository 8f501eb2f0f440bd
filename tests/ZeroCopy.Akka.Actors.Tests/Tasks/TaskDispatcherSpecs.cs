using ZeroCopy.Actors.Tests.Fakes;

namespace ZeroCopy.Actors.Tests.Tasks;

public sealed class TaskDispatcherSpecs() : ZeroCopySpec("zerocopy.tasks.dispatcher { type = Dispatcher, executor = thread-pool-executor }")
{
    [Fact]
    public async Task TaskRunner_should_compute_on_the_dispatcher_that_is_described_for_it()
    {
        var source = new FakeSource();

        Assert.Equal(true, await Zero.Tasks.RunAsync(source, (_, _) => Thread.CurrentThread.IsThreadPoolThread, null).WaitAsync(Patience));
        await EventuallyAsync(() => source.Out == 0 && Zero.Tasks.Pending == 0);
    }
}
