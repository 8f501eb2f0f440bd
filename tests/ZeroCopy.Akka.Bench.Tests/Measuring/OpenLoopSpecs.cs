using ZeroCopy.Bench.Measuring;

namespace ZeroCopy.Bench.Tests.Measuring;

public sealed class OpenLoopSpecs
{
    [Fact]
    public async Task OpenLoop_should_return_what_each_call_returned()
    {
        var returned = await OpenLoop.SendAsync([0, 0, 0], (call, _) => Task.FromResult(call), default);

        Assert.Equal([0, 1, 2], returned);
    }

    [Fact]
    public async Task OpenLoop_should_not_pass_some_of_its_calls_for_all_when_it_is_stopped()
    {
        using var stop = new CancellationTokenSource();
        var sent = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => OpenLoop.SendAsync([0, 0, 0], Call, stop.Token));

        Assert.Equal(1, sent);

        Task<int> Call(int call, long due)
        {
            stop.Cancel();
            return Task.FromResult(++sent);
        }
    }
}
