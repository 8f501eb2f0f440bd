using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>What the host has left.</summary>
internal static class HostMemory
{
    /// <summary>
    /// Bytes that may be used in memory and in files of a folder together: the smaller of both, for the folder may lie in memory.
    /// Source: proc_meminfo(5), MemAvailable; elsewhere the limit that the runtime keeps.
    /// </summary>
    public static long AvailableBytes(string folder)
    {
        const string Memory = "/proc/meminfo";
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (File.Exists(Memory))
        {
            var line = File.ReadLines(Memory).Single(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
            available = Math.Min(available, ProcessMemory.Parse(line).Value);
        }

        return Math.Min(available, new DriveInfo(folder).AvailableFreeSpace);
    }
}
