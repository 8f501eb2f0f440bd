using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class TorchNativeSpecs
{
    [Fact]
    public void TorchNative_should_find_all_its_entry_points()
    {
        torch.ones(1).Dispose();
        var library = NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null);

        TorchNative.RequireEntryPoints(library);
    }

    [Fact]
    public void TorchNative_should_name_the_entry_points_that_a_library_lacks()
    {
        var program = NativeLibrary.GetMainProgramHandle();

        var error = Assert.Throws<EntryPointNotFoundException>(() => TorchNative.RequireEntryPoints(program));

        Assert.Contains("THSTensor_new", error.Message, StringComparison.Ordinal);
        Assert.Contains("TorchSharp", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TorchInternals_should_find_all_members_that_it_looks_up() =>
        RuntimeHelpers.RunClassConstructor(typeof(TorchInternals).TypeHandle);
}
