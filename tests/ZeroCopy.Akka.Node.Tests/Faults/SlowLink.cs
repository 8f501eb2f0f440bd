using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>
/// A cable whose frames pass through this process, which delays and loses them: for kernels without <c>netem</c> too. Needs
/// <c>/dev/net/tun</c>.
/// </summary>
/// <param name="delay">On each way.</param>
/// <param name="loss">Of 1, on each way.</param>
internal sealed class SlowLink(TimeSpan delay, double loss) : IDisposable
{
    private const int LargestFrame = 65536;
    private const ulong SetInterface = 0x400454ca;
    private const short Frames = 0x0002;
    private const short WithoutHeader = 0x1000;
    private const short Input = 1;
    private const int LookMilliseconds = 100;

    private readonly List<SafeFileHandle> _devices = [];
    private readonly List<Task> _relays = [];
    private volatile bool _over;
    private long _frames;
    private long _lost;

    /// <summary>Frames that came, and those of them that were lost.</summary>
    public (long All, long Lost) Counts => (Interlocked.Read(ref _frames), Interlocked.Read(ref _lost));

    /// <summary>Lays the cable, by a device in each of two namespaces.</summary>
    public void Join(string one, string oneDevice, string other, string otherDevice)
    {
        var first = Open(one, oneDevice);
        var second = Open(other, otherDevice);
        Relay(first, second, seed: 1);
        Relay(second, first, seed: 2);
    }

    public void Dispose()
    {
        _over = true;
        Task.WaitAll([.. _relays]);
        foreach (var device in _devices)
        {
            device.Dispose();
        }
    }

    private SafeFileHandle Open(string name, string device)
    {
        var handle = NetworkNamespace.InAsync(name, () =>
        {
            var file = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            var request = new byte[40];
            Encoding.ASCII.GetBytes(device, request);
            BitConverter.TryWriteBytes(request.AsSpan(16), (short)(Frames | WithoutHeader));
            return ioctl(file.DangerousGetHandle().ToInt32(), SetInterface, request) >= 0 ? file : throw new Win32Exception();
        }).GetAwaiter().GetResult();
        _devices.Add(handle);
        return handle;
    }

    private void Relay(SafeFileHandle from, SafeFileHandle to, int seed)
    {
        var underway = Channel.CreateUnbounded<(long Sent, byte[] Frame)>();
        _relays.Add(OwnThread.RunAsync(() => Receive(from, underway.Writer, new Random(seed))));
        _relays.Add(SendAsync(underway.Reader, to));
    }

    private void Receive(SafeFileHandle from, ChannelWriter<(long Sent, byte[] Frame)> underway, Random random)
    {
        var buffer = new byte[LargestFrame];
        while (!_over)
        {
            var ready = new Poll { File = from.DangerousGetHandle().ToInt32(), Wanted = Input };
            if (poll(ref ready, 1, LookMilliseconds) <= 0 || (ready.Has & Input) == 0)
            {
                continue;
            }

            var length = read(ready.File, buffer, buffer.Length);
            if (length <= 0)
            {
                // A device that is down or goes away.
                continue;
            }

            Interlocked.Increment(ref _frames);
            if (random.NextDouble() < loss)
            {
                Interlocked.Increment(ref _lost);
            }
            else
            {
                underway.TryWrite((TimeProvider.System.GetTimestamp(), buffer[..(int)length]));
            }
        }

        underway.Complete();
    }

    private async Task SendAsync(ChannelReader<(long Sent, byte[] Frame)> underway, SafeFileHandle to)
    {
        await foreach (var (sent, frame) in underway.ReadAllAsync())
        {
            var left = delay - TimeProvider.System.GetElapsedTime(sent);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, TimeProvider.System);
            }

            // One that the other side cannot take now is lost, as on any cable.
            _ = write(to.DangerousGetHandle().ToInt32(), frame, frame.Length);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Poll
    {
        public int File;
        public short Wanted;
        public short Has;
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ioctl(int file, ulong request, byte[] argument);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int poll(ref Poll file, nuint count, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint read(int file, byte[] buffer, nint length);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint write(int file, byte[] buffer, nint length);
}
