using System.Buffers.Binary;
using System.Diagnostics;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>What a process does first with a store, and how many milliseconds it takes.</summary>
internal static class StoreStart
{
    private const int PrefixBytes = 8;

    /// <summary>Opens the store and closes it again, which is not counted.</summary>
    public static double Open(string store)
    {
        var start = Stopwatch.GetTimestamp();
        using (ObjectStore.Open(new ObjectStoreOptions { Directory = store }))
        {
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    /// <summary>Reads the bytes that an index is rebuilt from, one file after the other: the segments' headers and the manifests.</summary>
    public static double ReadHeaders(string store)
    {
        var start = Stopwatch.GetTimestamp();
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        foreach (var segment in Directory.EnumerateFiles(Path.Combine(store, "segments")))
        {
            using var file = File.OpenHandle(segment);
            RandomAccess.Read(file, prefix, 0);
            RandomAccess.Read(file, new byte[BinaryPrimitives.ReadInt64LittleEndian(prefix)], PrefixBytes);
        }

        foreach (var manifest in Directory.EnumerateFiles(Path.Combine(store, "manifests")))
        {
            File.ReadAllBytes(manifest);
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
