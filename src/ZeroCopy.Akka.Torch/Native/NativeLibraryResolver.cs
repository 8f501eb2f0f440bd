using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// Steps in exactly where the runtime failed to load LibTorchSharp: loads libtorch from the native folder, then a private copy of the library
/// whose unmet version of the C++ runtime is marked weak.
/// </summary>
internal static class NativeLibraryResolver
{
    private const string FileName = "libLibTorchSharp.so";
    private const string MarkerVersion = "GLIBCXX_3.4.32";
    private static readonly string[] Dependencies = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];
    private static readonly Lock Gate = new();
    private static bool _installed;
    private static nint _handle;

    /// <summary>What was mended; null where nothing was.</summary>
    public static string? Remark { get; private set; }

    /// <summary>Subscribes once to failed loads of native libraries.</summary>
    public static void Install()
    {
        lock (Gate)
        {
            if (!_installed && OperatingSystem.IsLinux())
            {
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
            }

            _installed = true;
        }
    }

    private static nint Resolve(Assembly assembly, string name)
    {
        if (name != TorchNative.Library)
        {
            return 0;
        }

        lock (Gate)
        {
            return _handle != 0 ? _handle : _handle = LoadMended();
        }
    }

    private static nint LoadMended()
    {
        if (FindFolder() is not { } folder)
        {
            return 0;
        }

        // The links in an output folder lead to packages: the file itself is read.
        var image = File.ReadAllBytes(Path.Combine(folder, FileName));
        if (!VersionNeeds.TryMarkWeak(image, MarkerVersion))
        {
            return 0;
        }

        foreach (var dependency in Dependencies)
        {
            NativeLibrary.Load(Path.Combine(folder, dependency));
        }

        using var copy = MemoryFile.Create(FileName, image);
        var handle = NativeLibrary.Load(copy.Path);
        Remark = $"{FileName} asks for {MarkerVersion}, which this system's libstdc++ lacks and no symbol of it uses: "
            + "a private copy in memory, with that one requirement marked weak, was loaded instead.";
        Trace.WriteLine(Remark, "ZeroCopy.Torch");
        return handle;
    }

    private static string? FindFolder()
    {
        var searched = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        string[] beside =
        [
            AppContext.BaseDirectory,
            Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"),
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"),
        ];
        return beside.Concat(searched)
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, FileName)) && Dependencies.All(name => File.Exists(Path.Combine(folder, name))));
    }
}
