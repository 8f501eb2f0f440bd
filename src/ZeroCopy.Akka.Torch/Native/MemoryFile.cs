using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// A file that exists in this process's memory only (<c>memfd_create</c>): no other user can write it, concurrent processes do not meet, and
/// nothing is left behind however the process ends.
/// </summary>
internal sealed class MemoryFile : IDisposable
{
    private const uint CloseOnExec = 1;
    private readonly SafeFileHandle _handle;

    private MemoryFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>The path under which this process, and only it, can open the file until it is disposed.</summary>
    public string Path => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Creates a file with the given content.</summary>
    public static MemoryFile Create(string name, ReadOnlySpan<byte> content)
    {
        var descriptor = MemfdCreate(name, CloseOnExec);
        if (descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"No memory file for {name} ({content.Length} bytes)");
        }

        var file = new MemoryFile(new SafeFileHandle(descriptor, ownsHandle: true));
        RandomAccess.Write(file._handle, content, 0);
        return file;
    }

    public void Dispose() => _handle.Dispose();

    [DllImport("libc", EntryPoint = "memfd_create", SetLastError = true)]
    private static extern int MemfdCreate([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);
}
