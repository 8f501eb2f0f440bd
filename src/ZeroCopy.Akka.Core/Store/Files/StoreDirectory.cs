using System.Globalization;
using System.IO.Enumeration;
using System.Text.Json;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;

namespace ZeroCopy.Store.Files;

/// <summary>Where everything lies in a store's directory, and whether the directory may be used at all.</summary>
internal sealed class StoreDirectory
{
    /// <summary>Of files whose bytes come from other stores.</summary>
    public const string ReceiveExtension = ".received";

    private const int LayoutVersion = 1;
    private const string LayoutFile = "store.json";
    private const string NewLayoutFiles = "store.*.json";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private StoreDirectory(string path)
    {
        Root = path;
        Segments = Path.Combine(path, "segments");
        Manifests = Path.Combine(path, "manifests");
        Names = Path.Combine(path, "names");
        Pins = Path.Combine(path, "pins");
        Temporary = Path.Combine(path, "tmp");
        LockFile = Path.Combine(path, "lock");
        GenerationFile = Path.Combine(path, "generation");
    }

    public string Root { get; }

    /// <summary>The same for whoever uses the directory, by whatever path, and no other's.</summary>
    public string Id { get; private set; } = "";

    public string Segments { get; }

    public string Manifests { get; }

    /// <summary>One empty file a name, <c>NAME@VERSION=MODELID</c>: a listing has all names, and a rename moves one atomically.</summary>
    public string Names { get; }

    public string Pins { get; }

    public string Temporary { get; }

    public string LockFile { get; }

    public string GenerationFile { get; }

    public string SegmentPath(string fileName) => Path.Combine(Segments, fileName);

    public string ManifestPath(ModelId model) => Path.Combine(Manifests, model + ".json");

    public string PinPath(ModelId model) => Path.Combine(Pins, model.ToString());

    public string NamePath(ModelName name, ModelId model) => Path.Combine(Names, $"{name}={model}");

    /// <summary>Where a segment is received: the same for the same blocks, so that they are found again after a crash.</summary>
    public string ReceivePath(SegmentLayout layout) => Path.Combine(Temporary, BlockId.Of(layout.Header) + ReceiveExtension);

    public string NewTemporaryPath(string extension) => Path.Combine(Temporary, Guid.NewGuid().ToString("N") + extension);

    /// <summary>Bytes that the file system has in all and that this user may still write.</summary>
    public (long Total, long Available) FileSystemBytes()
    {
        var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(Root)! : Root);
        return (drive.TotalSize, drive.AvailableFreeSpace);
    }

    /// <summary>Whether a folder is a store.</summary>
    public static bool Exists(string path) => File.Exists(Path.Combine(path, LayoutFile));

    /// <summary>Makes what is missing and refuses what cannot be used, such as a folder that is there for something else.</summary>
    public static StoreDirectory Prepare(string path)
    {
        var directory = new StoreDirectory(Path.GetFullPath(path));
        directory.RequireNoFile();
        try
        {
            directory.Create();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The store's directory {directory.Root} cannot be read and written: {e.Message} "
                + $"Give its rights to user '{Environment.UserName}', or set zerocopy.object-store.directory "
                + $"({ObjectStoreOptions.DirectoryVariable}).",
                e);
        }

        return directory;
    }

    /// <summary>Refuses a file where the store's folder should be, or where one of the folders above it should be.</summary>
    /// <exception cref="StoreUnavailableException">There is one.</exception>
    private void RequireNoFile()
    {
        for (var path = Root; path is not null; path = Path.GetDirectoryName(path))
        {
            if (File.Exists(path))
            {
                throw new StoreUnavailableException(
                    $"'{path}' is a file, and a store is a folder: choose another one by zerocopy.object-store.directory "
                    + $"({ObjectStoreOptions.DirectoryVariable}).");
            }
        }
    }

    private void Create()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Root);
            RequireStoreOrEmpty();
        }
        else
        {
            Directory.CreateDirectory(Root, Private);
            RequireOwner();
            RequireStoreOrEmpty();
            File.SetUnixFileMode(Root, Private);
        }

        // Before the folders: what another process has half made is told from what is no store.
        Id = RequireLayout();
        foreach (var folder in (ReadOnlySpan<string>)[Segments, Manifests, Names, Pins, Temporary])
        {
            Directory.CreateDirectory(folder);
        }

        // Tried, because mode bits alone do not tell (read-only mounts, access lists); without a byte, because a store on a full disk is
        // still read, and models are removed from it.
        var probe = NewTemporaryPath(".probe");
        File.WriteAllBytes(probe, []);
        File.Delete(probe);
    }

    private void RequireOwner()
    {
        if (FileOwner.TryGet(Root, out var owner, out var self) && owner != self)
        {
            throw new StoreUnavailableException(string.Create(
                CultureInfo.InvariantCulture,
                $"The store's directory {Root} belongs to user id {owner}, and this process runs as {self}: a store is never shared "
                + $"between users. Set zerocopy.object-store.directory ({ObjectStoreOptions.DirectoryVariable}) to one of your own."));
        }
    }

    /// <summary>A store takes its folder's rights away and deletes what it does not know, so nobody else's folder becomes one.</summary>
    private void RequireStoreOrEmpty()
    {
        // A volume that was just formatted has a folder of its own.
        var other = Exists(Root) ? null : Directory.EnumerateFileSystemEntries(Root).Select(Path.GetFileName).FirstOrDefault(
            name => name != "lost+found" && !FileSystemName.MatchesSimpleExpression(NewLayoutFiles, name));
        // Another process may have made the store meanwhile.
        if (other is not null && !Exists(Root))
        {
            throw new StoreUnavailableException(
                $"{Root} is no store and is not empty (it has '{other}'), so none is made in it. Name a folder that is not there yet, or "
                + $"an empty one (zerocopy.object-store.directory, {ObjectStoreOptions.DirectoryVariable}).");
        }
    }

    private string RequireLayout()
    {
        var file = Path.Combine(Root, LayoutFile);
        if (!File.Exists(file))
        {
            WriteLayout(file);
        }

        int? version = null;
        string? id = null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            version = json.RootElement.GetProperty("layout").GetInt32();
            id = json.RootElement.TryGetProperty("id", out var given) ? given.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new StoreUnavailableException(
                $"{file} does not tell the store's layout: {e.Message} Delete the directory {Root} if nothing in it is needed.", e);
        }

        if (version != LayoutVersion)
        {
            throw new StoreUnavailableException(
                $"The store in {Root} has layout {version}; this build reads layout {LayoutVersion}. "
                + "Use the build that wrote it, or another directory (zerocopy.object-store.directory).");
        }

        if (id is null)
        {
            // Made by a build that gave its directories no name.
            WriteLayout(file, overwrite: true);
            return RequireLayout();
        }

        return id;
    }

    private void WriteLayout(string file, bool overwrite = false)
    {
        var temporary = Path.Combine(Root, NewLayoutFiles.Replace("*", Guid.NewGuid().ToString("N"), StringComparison.Ordinal));
        File.WriteAllText(temporary, $$"""{"layout":{{LayoutVersion}},"id":"{{Guid.NewGuid():N}}"}""");
        try
        {
            // On Unix a move looks whether the file is there before it replaces it; a link is made by one alone.
            if (!overwrite && !OperatingSystem.IsWindows() && HardLink.TryCreate(file, temporary))
            {
                File.Delete(temporary);
            }
            else
            {
                File.Move(temporary, file, overwrite);
            }
        }
        catch (IOException) when (File.Exists(file))
        {
            // Another process was first.
            File.Delete(temporary);
        }
    }
}
