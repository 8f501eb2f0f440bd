using System.Globalization;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Measuring;

/// <summary>
/// A folder of one run's own, deleted when the run ends: beside the user's store and so on its file system, where this user may write
/// there. A container's store is often a mount at the root, which has nothing beside it; then it is the temporary folder, or else one
/// inside the store's.
/// </summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly DirectoryInfo _directory;

    /// <summary>Makes a folder.</summary>
    /// <param name="purpose">A word of its name, for whoever finds one that a killed process left.</param>
    /// <param name="neededBytes">Room that it must have.</param>
    /// <exception cref="IOException">No place has the room, or can be written to; the message says what was tried.</exception>
    public ScratchDirectory(string purpose, long neededBytes = 0)
        : this(new ObjectStoreOptions().Directory, purpose, neededBytes)
    {
    }

    internal ScratchDirectory(string store, string purpose, long neededBytes)
    {
        var name = $"{purpose}-{Environment.ProcessId}-{Guid.NewGuid():N}";
        List<string> refusals = [];
        foreach (var path in (ReadOnlySpan<string>)
            [
                $"{store}-{name}",
                System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"zerocopy-{name}"),
                System.IO.Path.Combine(store, name),
            ])
        {
            if (TryCreate(path, neededBytes, refusals) is { } directory)
            {
                _directory = directory;
                return;
            }
        }

        throw new IOException($"There is no place for the files of this run. {string.Join(' ', refusals)}");
    }

    /// <summary>The folder.</summary>
    public string Root => _directory.FullName;

    public string Path(string name) => System.IO.Path.Combine(Root, name);

    public void Dispose() => _directory.Delete(recursive: true);

    private static DirectoryInfo? TryCreate(string path, long neededBytes, List<string> refusals)
    {
        DirectoryInfo directory;
        try
        {
            directory = Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            refusals.Add($"{path}: {e.Message}");
            return null;
        }

        var room = new DriveInfo(directory.FullName).AvailableFreeSpace;
        if (room >= neededBytes)
        {
            return directory;
        }

        directory.Delete();
        refusals.Add(string.Create(
            CultureInfo.InvariantCulture, $"{path}: {room >> 20:N0} MiB of the {neededBytes >> 20:N0} MiB that are needed."));
        return null;
    }
}
