using System.Globalization;
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

    /// <summary>One empty file a name, <c>NAME@VERSION=MODELID</c>: a listing gives all names, and a rename moves one atomically.</summary>
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

    /// <summary>Makes what is missing and refuses what cannot be used.</summary>
    public static StoreDirectory Prepare(string path)
    {
        var directory = new StoreDirectory(Path.GetFullPath(path));
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

    private void Create()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Root);
        }
        else
        {
            Directory.CreateDirectory(Root, Private);
            RequireOwner();
            File.SetUnixFileMode(Root, Private);
        }

        foreach (var folder in (ReadOnlySpan<string>)[Segments, Manifests, Names, Pins, Temporary])
        {
            Directory.CreateDirectory(folder);
        }

        // Tried, because mode bits alone do not tell (read-only mounts, access lists); without a byte, because a store on a full disk is
        // still read, and models are removed from it.
        var probe = NewTemporaryPath(".probe");
        File.WriteAllBytes(probe, []);
        File.Delete(probe);
        Id = RequireLayout();
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

    private string RequireLayout()
    {
        var file = Path.Combine(Root, "store.json");
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
            File.Delete(file);
            return RequireLayout();
        }

        return id;
    }

    private void WriteLayout(string file)
    {
        var temporary = NewTemporaryPath(".json");
        File.WriteAllText(temporary, $$"""{"layout":{{LayoutVersion}},"id":"{{Guid.NewGuid():N}}"}""");
        try
        {
            File.Move(temporary, file);
        }
        catch (IOException) when (File.Exists(file))
        {
            // Another process was first.
            File.Delete(temporary);
        }
    }
}
