using System.Globalization;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>Memory of a process in bytes, as Linux counts it. Source: proc(5), smaps_rollup and status.</summary>
/// <param name="Unique">Pages that no other process maps (USS).</param>
/// <param name="Proportional">The unique pages, and of shared ones this process's part (PSS).</param>
/// <param name="Anonymous">Pages of no file: what was allocated, and what was copied from a mapped file by writing to it.</param>
internal sealed record ProcessMemory(long Unique, long Proportional, long Anonymous)
{
    public static ProcessMemory Of(int process)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Needs /proc/PID/smaps_rollup.");
        var values = Read($"/proc/{process}/smaps_rollup");
        return new ProcessMemory(values["Private_Clean"] + values["Private_Dirty"], values["Pss"], values["Anonymous"]);
    }

    /// <summary>Pages in memory now, shared ones included.</summary>
    public static long Resident(int process) => Read($"/proc/{process}/status")["VmRSS"];

    /// <summary>The most pages in memory since the process began, or since the peak was reset.</summary>
    public static long PeakResident(int process) => Read($"/proc/{process}/status")["VmHWM"];

    public static void ResetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    private static Dictionary<string, long> Read(string file) => File.ReadLines(file)
        .Where(line => line.EndsWith(" kB", StringComparison.Ordinal))
        .Select(line => line.Split(':'))
        .ToDictionary(
            parts => parts[0], parts => 1024 * long.Parse(parts[1].AsSpan(0, parts[1].Length - 3).Trim(), CultureInfo.InvariantCulture));
}
