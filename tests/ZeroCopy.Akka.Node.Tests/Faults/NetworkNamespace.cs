using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>Code of the test inside a named network namespace: a socket or device stays in the one that it was made in.</summary>
internal static class NetworkNamespace
{
    private const int Network = 0x40000000;

    /// <summary>Runs a function on a thread of its own, which has entered the namespace and ends behind it.</summary>
    public static Task<T> InAsync<T>(string name, Func<T> function) => OwnThread.RunAsync(() =>
    {
        using SafeFileHandle file = File.OpenHandle($"/run/netns/{name}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return setns(file.DangerousGetHandle().ToInt32(), Network) == 0 ? function() : throw new Win32Exception();
    });

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setns(int file, int kind);
}
