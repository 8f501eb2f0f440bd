using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class AsyncModelCallSpecs
{
    [Fact]
    public async Task AsyncModelCall_should_fail_when_a_piece_behind_an_await_does()
    {
        var failed = await Assert.ThrowsAsync<ExternalException>(() => RunAsync(async () =>
        {
            await Task.Yield();
            CheckedCall.RecordFailure("unnoticed");
            return 1;
        }));

        Assert.Equal("unnoticed", failed.Message);
    }

    [Fact]
    public async Task AsyncModelCall_should_fail_with_the_first_failure_whatever_the_function_throws_behind_it()
    {
        var failed = await Assert.ThrowsAsync<ExternalException>(() => RunAsync(async () =>
        {
            await Task.Yield();
            CheckedCall.RecordFailure("first");
            await Task.Yield();
            CheckedCall.RecordFailure("second");
            throw new InvalidOperationException("what came of it");
        }));

        Assert.Equal("first", failed.Message);
    }

    [Fact]
    public async Task AsyncModelCall_should_not_end_before_its_function_when_the_first_piece_fails()
    {
        var gate = new TaskCompletionSource();
        var isLive = false;
        var call = RunAsync(async () =>
        {
            var made = torch.ones(1);
            CheckedCall.RecordFailure("unnoticed");
            await gate.Task;
            isLive = !made.IsInvalid;
            return 1;
        });

        Assert.False(call.IsCompleted);
        gate.SetResult();

        await Assert.ThrowsAsync<ExternalException>(() => call);
        Assert.True(isLive);
    }

    [Fact]
    public async Task AsyncModelCall_should_leave_the_thread_of_a_piece_as_it_was_when_that_fails()
    {
        var outer = new SynchronizationContext();
        SynchronizationContext? after = null;
        Task? piece = null;

        await Assert.ThrowsAsync<ExternalException>(() => RunAsync(
            async () =>
            {
                await Task.Yield();
                CheckedCall.RecordFailure("unnoticed");
                return 1;
            },
            work => piece = OwnThread.RunAsync(() =>
            {
                SynchronizationContext.SetSynchronizationContext(outer);
                try
                {
                    work();
                }
                finally
                {
                    after = SynchronizationContext.Current;
                }
            })));

        await piece!;
        Assert.Same(outer, after);
    }

    private static Task<object?> RunAsync(Func<Task<object?>> function, Action<Action>? schedule = null) =>
        AsyncModelCall.RunAsync((_, _) => function(), new object(), null, schedule);
}
