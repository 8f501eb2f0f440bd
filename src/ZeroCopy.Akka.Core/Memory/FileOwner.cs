using System.Runtime.InteropServices;

namespace ZeroCopy.Memory;

/// <summary>
/// Who owns a file, of which kind it is, which inode and what it takes: the BCL has no call for these. Linux only; elsewhere the answer is
/// "unknown".
/// </summary>
internal static unsafe partial class FileOwner
{
    // struct statx has the same layout on every architecture, unlike struct stat: linux/stat.h.
    private const int StatxBytes = 256;
    private const int UserIdOffset = 20;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int BlocksOffset = 48;
    private const int BytesPerBlock = 512;
    private const int CurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;
    private const int KindMask = 0xf000;
    private const int Regular = 0x8000;

    public static bool TryGet(string path, out uint owner, out uint self)
    {
        owner = self = 0;
        var stat = stackalloc byte[StatxBytes];
        if (!OperatingSystem.IsLinux() || Statx(CurrentDirectory, path, 0, BasicStats, stat) != 0)
        {
            return false;
        }

        owner = MemoryMarshal.Read<uint>(new ReadOnlySpan<byte>(stat + UserIdOffset, sizeof(uint)));
        self = EffectiveUserId();
        return true;
    }

    /// <summary>
    /// Whether it is a file with bytes of its own, or a link to one, and no pipe, device or folder; true where that is not known.
    /// </summary>
    public static bool IsRegular(string path)
    {
        var stat = stackalloc byte[StatxBytes];
        return !OperatingSystem.IsLinux() || Statx(CurrentDirectory, path, 0, BasicStats, stat) != 0
            || (MemoryMarshal.Read<ushort>(new ReadOnlySpan<byte>(stat + ModeOffset, sizeof(ushort))) & KindMask) == Regular;
    }

    /// <summary>Bytes of a file that its file system has set aside; null where that is not known, or the file is gone.</summary>
    public static long? AllocatedBytes(string path)
    {
        var stat = stackalloc byte[StatxBytes];
        return OperatingSystem.IsLinux() && Statx(CurrentDirectory, path, 0, BasicStats, stat) == 0
            ? (long)MemoryMarshal.Read<ulong>(new ReadOnlySpan<byte>(stat + BlocksOffset, sizeof(ulong))) * BytesPerBlock
            : null;
    }

    /// <summary>
    /// Processes that hold a shared lock on each of the files, as the kernel lists them in <c>/proc/locks</c>, in ascending order; none
    /// where that is not known.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<int>> LockHolders(IReadOnlyList<string> paths)
    {
        var locks = Locks();
        return [.. paths.Select(path => Inode(path) is { } inode ? locks[inode].Distinct().Order().ToArray() : [])];
    }

    private static ILookup<ulong, int> Locks()
    {
        var locks = new List<(ulong Inode, int Process)>();
        try
        {
            // "1: FLOCK  ADVISORY  READ 1234 00:1b:5678 0 EOF"; who writes looks whether a file may go, and has it for a moment.
            foreach (var line in OperatingSystem.IsLinux() ? File.ReadLines("/proc/locks") : [])
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields is [_, _, _, "READ", var holder, var file, ..] && int.TryParse(holder, out var process) && process > 0
                    && ulong.TryParse(file.AsSpan(file.LastIndexOf(':') + 1), out var inode))
                {
                    locks.Add((inode, process));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only what people read depends on it: without /proc the holders stay unnamed.
            locks.Clear();
        }

        return locks.ToLookup(held => held.Inode, held => held.Process);
    }

    private static ulong? Inode(string path)
    {
        var stat = stackalloc byte[StatxBytes];
        return OperatingSystem.IsLinux() && Statx(CurrentDirectory, path, 0, BasicStats, stat) == 0
            ? MemoryMarshal.Read<ulong>(new ReadOnlySpan<byte>(stat + InodeOffset, sizeof(ulong)))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUserId();
}
