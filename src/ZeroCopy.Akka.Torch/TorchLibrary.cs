using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch;

/// <summary>The native libraries behind TorchSharp.</summary>
public static class TorchLibrary
{
    /// <summary>
    /// Makes TorchSharp loadable on Linux distributions with an older C++ runtime (Debian 12, Ubuntu 22.04), where it would fail at its first call.
    /// Call it before the first use of <c>torch</c> in a program that touches TorchSharp before any type of this library; otherwise it happens by
    /// itself. Idempotent and thread-safe; it loads nothing where TorchSharp loads by itself.
    /// </summary>
    public static void Load() => NativeLibraryResolver.Install();

    /// <summary>
    /// What was done to load the library: null where it loads by itself or was not needed yet, else a line for the log. It is also written to the
    /// trace <c>ZeroCopy.Torch</c>.
    /// </summary>
    public static string? Remark => NativeLibraryResolver.Remark;
}
