using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native;

/// <summary>The heap that libtorch allocates from.</summary>
internal static unsafe class NativeHeap
{
    private static readonly delegate* unmanaged[Cdecl]<nuint, int> TrimHeap = Find();

    /// <summary>
    /// Gives pages that nothing lies in back to the operating system: glibc by itself keeps those that something lies behind, which are
    /// most of them. Takes milliseconds, on every thread that allocates meanwhile. Does nothing where the C library cannot.
    /// Source: malloc_trim(3).
    /// </summary>
    public static void Trim()
    {
        if (TrimHeap is not null)
        {
            TrimHeap(0);
        }
    }

    private static delegate* unmanaged[Cdecl]<nuint, int> Find() => OperatingSystem.IsLinux()
        && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc_trim", out var trim)
            ? (delegate* unmanaged[Cdecl]<nuint, int>)trim : null;
}
