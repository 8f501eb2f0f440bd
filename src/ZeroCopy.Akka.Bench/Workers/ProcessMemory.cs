using System.Globalization;

namespace ZeroCopy.Bench.Workers;

/// <summary>Memory of a process as Linux counts it. Source: proc(5), smaps_rollup.</summary>
/// <param name="Proportional">PSS in bytes: private pages, and of shared ones the process's part.</param>
/// <param name="Unique">USS in bytes: private pages alone.</param>
/// <param name="PrivateDirty">Bytes of private pages that were written: what no other process can ever share.</param>
/// <param name="Anonymous">Bytes of pages that belong to no file: heaps and stacks, and what was written to a private mapping.</param>
internal sealed record ProcessMemory(long Proportional, long Unique, long PrivateDirty, long Anonymous)
{
    public static bool IsSupported { get; } = File.Exists("/proc/self/smaps_rollup");

    public static ProcessMemory Of(int process)
    {
        var values = File.ReadLines($"/proc/{process}/smaps_rollup").Skip(1).Select(Parse).ToDictionary(
            pair => pair.Key, pair => pair.Value);
        return new ProcessMemory(
            values["Pss"], values["Private_Clean"] + values["Private_Dirty"], values["Private_Dirty"], values["Anonymous"]);
    }

    /// <summary>The most memory that a process has had so far (VmHWM), in bytes; its part of shared files included.</summary>
    public static long PeakOf(int process) =>
        Parse(File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))).Value;

    /// <summary>Mappings of files that a process has, deleted files included and memory files left out.</summary>
    public static int MappedFilesOf(int process) =>
        File.ReadLines($"/proc/{process}/maps")
            .Count(line => line.Contains(" /", StringComparison.Ordinal) && !line.Contains(" /memfd:", StringComparison.Ordinal));

    /// <summary>Files that a process has open.</summary>
    public static int DescriptorsOf(int process) => Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;

    /// <summary>This process's part of the mapped files under a folder, in bytes.</summary>
    public static long OwnProportionalOf(string folder)
    {
        var (sum, inside) = (0L, false);
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.Contains('-', StringComparison.Ordinal) && !char.IsUpper(line[0]))
            {
                inside = line.Contains(folder, StringComparison.Ordinal);
            }
            else if (inside && line.StartsWith("Pss:", StringComparison.Ordinal))
            {
                sum += Parse(line).Value;
            }
        }

        return sum;
    }

    internal static KeyValuePair<string, long> Parse(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var kibibytes = long.Parse(line.AsSpan(colon + 1).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
        return KeyValuePair.Create(line[..colon], kibibytes * 1024);
    }
}
