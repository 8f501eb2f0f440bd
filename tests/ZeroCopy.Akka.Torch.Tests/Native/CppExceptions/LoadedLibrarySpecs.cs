using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Tests.Native.CppExceptions;

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

    /// <summary>
    /// Where this fails after an update of TorchSharp: the README beside <see cref="UncaughtExceptions"/> says what to look at anew.
    /// </summary>
    [SkippableFact]
    public void LoadedLibrary_should_be_the_build_that_the_code_around_exceptions_was_written_for() =>
        Assert.Equal(UncaughtExceptions.WrittenFor, _library.BuildId);

    [SkippableFact]
    public void LoadedLibrary_should_have_the_build_id_of_its_file()
    {
        var mapping = File.ReadLines("/proc/self/maps").First(line => line.EndsWith("/libc10.so", StringComparison.Ordinal));
        var file = File.ReadAllBytes(mapping[mapping.IndexOf('/', StringComparison.Ordinal)..]);

        var id = new LoadedLibrary(NativeLibrary.Load("libc10.so")).BuildId;

        Assert.Equal(40, id!.Length);
        Assert.NotEqual(-1, file.AsSpan().IndexOf(Convert.FromHexString(id)));
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
