using TorchSharp;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Native.Threads;

namespace ZeroCopy.Torch.Tests.Native.Threads;

public sealed class TorchThreadStateSpecs
{
    [Fact]
    public async Task TorchThreadState_should_leave_a_scope_to_its_owner()
    {
        torch.Tensor? before = null;
        torch.Tensor? after = null;
        DisposeScope? left = null;
        await OwnThread.RunAsync(() =>
        {
            left = torch.NewDisposeScope();
            before = torch.ones(1);
            TorchThreadState.Reset();
            after = torch.ones(1);
            using var own = torch.NewDisposeScope();
            own.Attach(after);
            own.MoveToOuter(after);
        });

        left!.Dispose();

        Assert.True(before!.IsInvalid);
        Assert.False(after!.IsInvalid);
        after.Dispose();
    }

    [Fact]
    public Task TorchThreadState_should_switch_off_the_modes_that_were_left_on() => OwnThread.RunAsync(() =>
    {
        GC.KeepAlive(torch.no_grad());
        using var mode = torch.inference_mode();

        TorchThreadState.Reset();

        Assert.False(torch.is_inference_mode_enabled());
        Assert.True(torch.is_grad_enabled());
        using var tensor = torch.ones(1, requires_grad: true);
        using var answer = tensor * 2;
        Assert.True(answer.requires_grad);
    });

    [Fact]
    public Task TorchThreadState_should_leave_a_thread_without_anything_open_as_it_is() => OwnThread.RunAsync(() =>
    {
        using var tensor = torch.ones(1);
        var statistics = DisposeScopeManager.Statistics;

        TorchThreadState.Reset();

        Assert.Same(statistics, DisposeScopeManager.Statistics);
    });
}
