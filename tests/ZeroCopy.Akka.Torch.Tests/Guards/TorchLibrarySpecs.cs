using ZeroCopy.Torch.Guards;

namespace ZeroCopy.Torch.Tests.Guards;

public sealed class TorchLibrarySpecs
{
    [Fact]
    public void TorchLibrary_should_refuse_to_change_how_exceptions_are_dealt_with_when_that_is_decided()
    {
        TorchLibrary.Guard();

        var error = Assert.Throws<InvalidOperationException>(() => TorchLibrary.CatchesCppExceptions = false);

        Assert.Contains("zerocopy.inference.catch-cpp-exceptions", error.Message, StringComparison.Ordinal);
        Assert.True(TorchLibrary.CatchesCppExceptions);
    }

    [Fact]
    public void TorchLibrary_should_take_what_is_decided_already()
    {
        TorchLibrary.Guard();

        TorchLibrary.CatchesCppExceptions = true;

        Assert.True(TorchLibrary.CatchesCppExceptions);
    }
}
