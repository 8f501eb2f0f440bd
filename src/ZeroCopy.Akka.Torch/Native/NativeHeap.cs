using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native;

/// <summary>The heap that libtorch allocates from.</summary>
internal static unsafe class NativeHeap
{
    private static readonly delegate* unmanaged[Cdecl]<nuint, int> _trim = Find();

    /// <summary>
    /// Gives pages that nothing lies in back to the operating system: glibc by itself keeps those of freed blocks that something lies behind,
    /// which are most of them. Takes milliseconds, on every thread that allocates meanwhile. Does nothing where the C library cannot.
    /// Source: malloc_trim(3).
    /// </summary>
    public static void Trim()
    {
        if (_trim is not null)
        {
            _trim(0);
        }
    }

    private static delegate* unmanaged[Cdecl]<nuint, int> Find() => OperatingSystem.IsLinux()
        && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc_trim", out var trim)
            ? (delegate* unmanaged[Cdecl]<nuint, int>)trim : null;
}
