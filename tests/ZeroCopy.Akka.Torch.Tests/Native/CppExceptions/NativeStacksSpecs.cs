using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Tests.Native.CppExceptions;

public sealed class NativeStacksSpecs
{
    [Theory]
    [InlineData("wrong", "wrong")]
    [InlineData("", "")]
    [InlineData("wrong\nException raised from f at x.cpp:1 (most recent call first):\n", "wrong")]
    [InlineData("wrong\nException raised from f at x.cpp:1 (most recent call first):\nframe #0: g\n", null)]
    [InlineData("a\nException raised from f at x.cpp:1 (most recent call first):\nb", null)]
    public void NativeStacks_should_leave_out_the_origin_of_an_error_that_has_no_stack(string text, string? expected) =>
        Assert.Equal(expected ?? text, Encoding.UTF8.GetString(NativeStacks.WithoutOrigin(Encoding.UTF8.GetBytes(text))));

    [SkippableFact]
    public void NativeStacks_should_be_no_part_of_an_error()
    {
        Skip.IfNot(UncaughtExceptions.AreCaught, "Texts of errors are changed on Linux x64.");
        using var left = torch.ones(3, 4);
        using var right = torch.ones(5, 7);

        var caught = Assert.Throws<ExternalException>(() => left.add(right));
        var uncaught = Assert.Throws<ExternalException>(() => left.matmul(right));

        Assert.Equal("The size of tensor a (4) must match the size of tensor b (7) at non-singleton dimension 1", caught.Message);
        Assert.Equal("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x7)", uncaught.Message);
    }
}
