using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

/// <summary>A disk of a few kilobytes, in memory. Skips the test where this user may not mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public SmallDisk(int kilobytes)
    {
        Path = _directory.File("disk");
        Directory.CreateDirectory(Path);
        if (!OperatingSystem.IsLinux() || !Run("mount", "-t", "tmpfs", "-o", Size(kilobytes), "tmpfs", Path))
        {
            _directory.Dispose();
            Skip.If(true, "This user may not mount a small disk.");
        }
    }

    public string Path { get; }

    public void Resize(int kilobytes) => Assert.True(Run("mount", "-o", $"remount,{Size(kilobytes)}", Path));

    public void Dispose()
    {
        // Also where a test that fails has a file open.
        Run("umount", "--lazy", Path);
        _directory.Dispose();
    }

    private static string Size(int kilobytes) => string.Create(CultureInfo.InvariantCulture, $"size={kilobytes}k");

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
