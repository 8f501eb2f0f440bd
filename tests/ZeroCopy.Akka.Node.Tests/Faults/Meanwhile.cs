using System.Diagnostics;
using System.Globalization;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>Moments in which something is to happen, and damage that nobody is told of.</summary>
internal static class Meanwhile
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private const long Received = 4 << 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until one of some nodes runs calls of a model, and says which.</summary>
    public static async Task<HttpClient> BusyAsync(string model, params HttpClient[] nodes)
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(Pause);
        while (true)
        {
            foreach (var node in nodes)
            {
                var metrics = await node.GetStringAsync("/metrics", late.Token);
                if (metrics.Split('\n').Any(line => line.StartsWith("zerocopy_calls_pending{", StringComparison.Ordinal)
                    && line.Contains($"model=\"{model}\"", StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal)))
                {
                    return node;
                }
            }

            await timer.WaitForNextTickAsync(late.Token);
        }
    }

    /// <summary>
    /// Waits until mebibytes of a model have come into a store, over two requests side by side: one of its blocks is whole then.
    /// </summary>
    public static async Task ReceivingAsync(string store)
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(Pause);
        var unfinished = Path.Combine(store, "tmp");
        while (!Directory.Exists(unfinished) || await WrittenBytesAsync(unfinished) < Received)
        {
            await timer.WaitForNextTickAsync(late.Token);
        }
    }

    // Its length is that of the finished file from the start, and its writer has it locked.
    private static async Task<long> WrittenBytesAsync(string folder)
    {
        var start = new ProcessStartInfo("du", ["--summarize", "--block-size=1", folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        return long.Parse(output[..output.IndexOf('\t', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
    }

    /// <summary>Changes a byte of each block of a store's large segments, behind the store's back.</summary>
    public static void Damage(string store)
    {
        const int Block = 1 << 20;
        foreach (var segment in Directory.GetFiles(Path.Combine(store, "segments")).Where(file => new FileInfo(file).Length > Block))
        {
            using var bytes = File.OpenHandle(segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            for (var at = RandomAccess.GetLength(bytes) - (Block / 2); at > 0; at -= Block)
            {
                RandomAccess.Write(bytes, [0x55], at);
            }
        }
    }
}
