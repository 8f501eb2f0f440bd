using System.Runtime.InteropServices;
using TorchSharp;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class NativeStacksSpecs
{
    [SkippableFact]
    public void NativeStacks_should_be_no_part_of_an_error()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Left out by the layout of GCC's library.");
        using var left = torch.ones(3, 4);
        using var right = torch.ones(5, 7);

        var error = Assert.Throws<ExternalException>(() => left.add(right));

        Assert.StartsWith("The size of tensor a (4) must match the size of tensor b (7)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);
    }
}
