using System.Diagnostics.CodeAnalysis;
using TorchSharp;

namespace ZeroCopy.Torch.Native.Threads;

/// <summary>
/// What TorchSharp and libtorch keep for each thread: dispose scopes and modes. Code that awaits inside such a scope leaves it open on the
/// thread that it goes away from, where it is in force for whoever runs there next.
/// </summary>
internal static class TorchThreadState
{
    /// <summary>
    /// Leaves the calling thread as a new one starts. Dispose scopes that were open stay their owners', who may dispose them on another
    /// thread meanwhile.
    /// </summary>
    [SuppressMessage("Usage", "CA1816", Justification = "A finalizer would switch the mode on for a thread of its own.")]
    public static void Reset()
    {
        ref var scopes = ref TorchInternals.ThreadScopes(null);
        if (scopes is { } left && TorchInternals.CurrentScope(left) is not null)
        {
            scopes = null;
        }

        if (torch.is_inference_mode_enabled())
        {
            GC.SuppressFinalize(torch.inference_mode(false));
        }

        if (!torch.is_grad_enabled())
        {
            torch.set_grad_enabled(true);
        }
    }
}
