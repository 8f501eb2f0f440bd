namespace ZeroCopy.Torch.Guards;

/// <summary>
/// The copy of TorchSharp's library without extension that the build lays beside it, for a C++ runtime that is too old for the original.
/// </summary>
internal static class MendedLibrary
{
    /// <summary>Says that this process computes by the copy; null where it does not, or needed no library yet.</summary>
    public static string? Remark => IsLoaded
        ? "libLibTorchSharp.so asks for GLIBCXX_3.4.32, which this system's libstdc++ lacks and no symbol of it uses: a copy with that one "
            + "requirement marked weak was loaded instead."
        : null;

    private static bool IsLoaded => OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/maps").Any(line => line.EndsWith("/libLibTorchSharp", StringComparison.Ordinal));
}
