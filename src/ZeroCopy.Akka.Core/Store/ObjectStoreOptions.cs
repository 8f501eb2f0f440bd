using ZeroCopy.Memory;

namespace ZeroCopy.Store;

/// <summary>Settings of the host's object store; the HOCON root is <c>zerocopy.object-store</c>.</summary>
public sealed record ObjectStoreOptions
{
    /// <summary>Name of the environment variable that sets the store's directory.</summary>
    public const string DirectoryVariable = "ZEROCOPY_STORE";

    /// <summary>
    /// The store's directory, shared by all processes of a user on the host. Default: <c>ZEROCOPY_STORE</c>, else a folder of the user in
    /// <c>/dev/shm</c> on Linux and in the local application data elsewhere. Created with mode 0700.
    /// </summary>
    public string Directory { get; init; } = DefaultDirectory();

    /// <summary>Most bytes that the store may hold; 0 for four fifths of the file system's size.</summary>
    public long CapacityBytes { get; init; }

    /// <summary>How long a put waits for room before it fails; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</summary>
    public TimeSpan PutDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many versions of each name a put under it leaves in the store, see <see cref="PutOptions.KeepVersions"/>; 0 for all.
    /// </summary>
    public int KeepVersions { get; init; }

    /// <summary>How segments are mapped.</summary>
    public MappingMode Mapping { get; init; } = MappingMode.CopyOnWrite;

    /// <summary>Whether page tables are filled when a segment is mapped (about 30 ms for 400 MB), instead of on first touch.</summary>
    public bool Prefault { get; init; }

    /// <summary>The clock behind deadlines and last-use times.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Gets one line for each thing that the store does by itself: swept, evicted, left out. Called from any thread, under the store's
    /// lock: it must return at once. Null for none.
    /// </summary>
    public Action<string>? Log { get; init; }

    private static string DefaultDirectory()
    {
        if (Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } configured)
        {
            return Path.GetFullPath(configured);
        }

        return OperatingSystem.IsLinux() && System.IO.Directory.Exists("/dev/shm")
            ? Path.Combine("/dev/shm", $"zerocopy-{Environment.UserName}")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "zerocopy", "store");
    }
}
