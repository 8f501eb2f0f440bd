using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class LoadedLibrarySpecs
{
    private readonly nint _handle;
    private readonly LoadedLibrary _library;

    public LoadedLibrarySpecs()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The loader is glibc's.");
        _handle = NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null);
        _library = new LoadedLibrary(_handle);
    }

    [SkippableFact]
    public void LoadedLibrary_should_find_the_function_at_an_address()
    {
        var function = NativeLibrary.GetExport(_handle, "THSTensor_matmul");

        var (library, file, name) = LoadedLibrary.Find(function + 1);

        Assert.Equal((_library.Base, "THSTensor_matmul"), (library, name));
        Assert.NotEmpty(file);
        Assert.Equal((0, "", ""), LoadedLibrary.Find(1));
    }

    [SkippableFact]
    public unsafe void LoadedLibrary_should_find_the_slot_of_an_import()
    {
        torch.ones(1).Dispose();
        var slot = _library.ImportSlot("memset");

        // Bound at the first call, or not yet: then it leads into the library itself.
        Assert.NotEqual(0, LoadedLibrary.Find(*slot).Base);
        Assert.True(_library.ImportSlot("no_such_function") == null);
    }

    [SkippableFact]
    public void LoadedLibrary_should_find_the_variables_of_each_thread()
    {
        var own = Block();
        nint other = 0;
        var thread = new Thread(() => other = Block());
        thread.Start();
        thread.Join();

        Assert.NotEqual(0, own);
        Assert.NotEqual(0, other);
        Assert.NotEqual(own, other);

        nint Block()
        {
            // A thread has none before its first call that uses them.
            torch.ones(1).Dispose();
            return _library.ThreadBlock();
        }
    }
}
