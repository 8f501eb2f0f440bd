using System.Runtime.InteropServices;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class ExceptionGuardSpecs
{
    [Fact]
    public void ExceptionGuard_should_pass_words_and_the_result()
    {
        var compare = NativeLibrary.GetExport(NativeLibrary.Load(OperatingSystem.IsWindows() ? "ucrtbase" : "libc.so.6"), "strncmp");
        var (left, right) = (Marshal.StringToCoTaskMemUTF8("one thing"), Marshal.StringToCoTaskMemUTF8("one other"));

        Assert.Equal(0, (int)ExceptionGuard.Call(compare, left, right, 4));
        Assert.True((int)ExceptionGuard.Call(compare, left, right, 5) > 0);

        Marshal.FreeCoTaskMem(left);
        Marshal.FreeCoTaskMem(right);
    }

    [SkippableFact]
    public void ExceptionGuard_should_turn_any_exception_into_one_of_dotnet_on_every_thread()
    {
        Skip.IfNot(ExceptionGuard.IsActive, "Calls are guarded on Linux x64.");
        var language = NativeLibrary.Load("libstdc++.so.6");
        var outOfRange = NativeLibrary.GetExport(language, "_ZSt20__throw_out_of_rangePKc");
        var badAllocation = NativeLibrary.GetExport(language, "_ZSt17__throw_bad_allocv");
        var text = Marshal.StringToCoTaskMemUTF8("no such place");

        Parallel.For(0, 1000, _ =>
        {
            Assert.Equal("no such place", Assert.Throws<ExternalException>(() => ExceptionGuard.Call(outOfRange, text)).Message);
            Assert.Equal("std::bad_alloc", Assert.Throws<ExternalException>(() => ExceptionGuard.Call(badAllocation, 0)).Message);
        });

        Marshal.FreeCoTaskMem(text);
    }
}
