using System.Runtime.InteropServices;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Tests.Native.CppExceptions;

public sealed class CheckedCallSpecs
{
    [Fact]
    public Task CheckedCall_should_fail_at_its_end_with_the_first_failure_and_once() => OwnThread.RunAsync(() =>
    {
        CheckedCall.Begin();
        CheckedCall.RecordFailure("first");
        CheckedCall.RecordFailure("second");

        Assert.Equal("first", Assert.Throws<ExternalException>(CheckedCall.End).Message);

        CheckedCall.Begin();
        CheckedCall.End();
    });

    [Fact]
    public Task CheckedCall_should_be_under_way_on_its_thread_until_the_outer_one_ends() => OwnThread.RunAsync(() =>
    {
        CheckedCall.Begin();
        CheckedCall.Begin();
        CheckedCall.End();
        Assert.True(CheckedCall.IsUnderWay);
        CheckedCall.End();

        Assert.False(CheckedCall.IsUnderWay);
    });
}
